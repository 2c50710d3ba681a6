"""The load script: sells through the API and audits every balance afterwards.

Standard library only, so that a plain ``python3`` runs it with nothing installed.
"""
