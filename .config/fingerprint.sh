#!/bin/sh
# Prints what the build is made from, as one line: file names and contents, not times, which git and copies change.
# Run from the root. run.sh compares it with what .config/build.mjs noted.
find core adapters plugins relay-* .config/build*.mjs package.json package-lock.json \
  \( -name node_modules -o -name dist \) -prune -o -type f -exec cksum {} + | LC_ALL=C sort | cksum
