"""The load script: sells through the API and audits every balance afterwards.

Standard library and our own client only, so that a plain ``python3`` runs it with nothing installed.
"""

import sys
from pathlib import Path

# Where the client is found without being installed.
sys.path.append(str(Path(__file__).resolve().parents[2] / "clients/python"))
