"""`python -m fcn_studio`."""

import sys

from fcn_studio.cli.main import main

sys.exit(main())
