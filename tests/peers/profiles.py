"""Prints the key id that botocore takes for the profile `p` of each folder, one a line.

Usage: profiles.py FOLDER..., each with a `config` and a `credentials`. A dash stands for a refusal.
"""

import os
import sys

import botocore.session

for folder in sys.argv[1:]:
    os.environ["AWS_CONFIG_FILE"] = os.path.join(folder, "config")
    os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.path.join(folder, "credentials")
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    try:
        credentials = botocore.session.Session(profile="p").get_credentials()
        print(credentials.access_key if credentials else "-")
    except Exception:  # whatever it is, the tool does not take the file
        print("-")
