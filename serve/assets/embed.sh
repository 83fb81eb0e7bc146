#!/bin/sh
# embed.sh SYMBOL FILE: the file's bytes as a C array, on standard output. A build step, so that an edit is built in.
set -eu
echo "/* made by the build of $(basename "$2") */"
echo '#include <stddef.h>'
echo '#include <stdint.h>'
echo "const size_t $1_bytes = $(wc -c <"$2");"
echo "const uint8_t $1[] = {"
od -An -v -tu1 "$2" | sed 's/  */,/g; s/^,//; s/$/,/'
echo '};'
