"""The back office: pages for staff on Django's admin. It imports every app, and no app imports it."""
