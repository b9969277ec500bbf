#!/bin/sh
# Qt's system libraries, and what tests in a real window use: installed where that is allowed (root on Debian and its kin), else named in one line.
set -eu
[ "$(uname)" = Linux ] || exit 0
packages="libegl1 libgl1 libxkbcommon0 libxkbcommon-x11-0 libdbus-1-3 libfontconfig1 libglib2.0-0 libxcb-cursor0
libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0
libxcb-xkb1 fonts-dejavu-core"
window="xvfb openbox xdotool imagemagick"

missing=""
for library in libEGL.so.1 libGL.so.1 libxkbcommon.so.0 libxkbcommon-x11.so.0 libdbus-1.so.3 libfontconfig.so.1 \
    libglib-2.0.so.0 libxcb-cursor.so.0 libxcb-icccm.so.4 libxcb-keysyms.so.1 libxcb-xkb.so.1; do
    { ldconfig -p 2>/dev/null || /sbin/ldconfig -p; } | grep -q "$library" || missing="$missing $library"
done
window_missing=""
for program in Xvfb openbox xdotool import; do
    command -v "$program" >/dev/null 2>&1 || window_missing="$window_missing $program"
done
[ -n "$missing$window_missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    # shellcheck disable=SC2086
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $packages $window; } \
        >/dev/null 2>&1 && exit 0
fi
[ -z "$window_missing" ] || echo "Tests in a real window are skipped without:$window_missing" >&2
[ -z "$missing" ] || echo "Qt needs system libraries that are missing here:$missing; on Debian: sudo apt-get install" $packages >&2
