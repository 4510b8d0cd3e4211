"""The command line of `devenv.generate.files`."""

import sys

from devenv.generate.files import main

sys.exit(main())
