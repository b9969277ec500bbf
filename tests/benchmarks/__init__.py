"""What the program's speed, memory and exactness are measured by; each module is a command of its own."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as `fcn-studio` itself does, before torch is imported
