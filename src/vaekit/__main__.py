"""`python -m vaekit`: the same as the command `vaekit`."""

import sys

from vaekit.cli import main

sys.exit(main())
