"""Commands of manage.py that concern no app."""
