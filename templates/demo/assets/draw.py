#!/usr/bin/env python3
"""Draws the pictures of the demo site: SVG made here, PNG by a headless Chromium.

`assets/draw.py [NAME…]` writes static/images/NAME.png; without names, all of them.
The same script gives the same pictures: its random numbers start from the picture's name.
"""
import collections
import math
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import zlib

W, H = 1200, 675
OUT = pathlib.Path(__file__).resolve().parent.parent / "static" / "images"


def path(d, fill, **more):
    extra = "".join(f' {k.replace("_", "-")}="{v}"' for k, v in more.items())
    return f'<path d="{d}" fill="{fill}"{extra}/>'


def line(d, stroke, width=3, **more):
    return path(d, "none", stroke=stroke, stroke_width=width, stroke_linecap="round", stroke_linejoin="round", **more)


def circle(x, y, r, fill):
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="{fill}"/>'


def rect(x, y, w, h, fill, r=0):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" rx="{r}" fill="{fill}"/>'


def sky(*bands):
    """Flat steps with a wavy edge, the first on top."""
    out = [rect(0, 0, W, H, bands[0])]
    for i, colour in enumerate(bands[1:], 1):
        y = H * 0.72 * i / len(bands)
        out.append(path(f"M0 {y:.0f} C300 {y - 46:.0f} 420 {y + 44:.0f} 700 {y:.0f} S1060 {y - 34:.0f} 1200 {y + 12:.0f} V{H} H0Z", colour))
    return "".join(out)


def hill(points, fill):
    """A smooth ridge through (x, y) points, filled to the bottom."""
    d = f"M{points[0][0]} {points[0][1]}"
    for (x0, y0), (x1, y1) in zip(points, points[1:]):
        mid = (x0 + x1) / 2
        d += f" C{mid:.0f} {y0} {mid:.0f} {y1} {x1} {y1}"
    return path(f"{d} V{H} H{points[0][0]}Z", fill)


def cloud(x, y, s, fill):
    r = [(0, 0, 34), (42, -18, 44), (92, -8, 38), (130, 4, 26)]
    return "".join(circle(x + a * s, y + b * s, c * s, fill) for a, b, c in r) + rect(x - 34 * s, y, 190 * s, 32 * s, fill, 16 * s)


def kite(x, y, size, angle, colours, tail=5, sway=1.0, string=None):
    """A diamond of four facets with a tail of bows; `string` is where its line ends."""
    top, right, bottom, left = (0, -1.0), (0.68, -0.22), (0, 1.25), (-0.68, -0.22)
    centre = (0, -0.22)
    p = lambda a: f"{a[0] * size:.1f} {a[1] * size:.1f}"
    a, b, c, d = colours
    facets = "".join(
        path(f"M{p(centre)} L{p(one)} L{p(two)}Z", colour)
        for one, two, colour in ((top, left, a), (top, right, b), (right, bottom, c), (bottom, left, d))
    )
    bones = line(f"M{p(top)} L{p(bottom)} M{p(left)} L{p(right)}", "#ffffff", size * 0.035, opacity=0.55)
    bows, d_tail = "", f"M0 {1.25 * size:.1f}"
    for i in range(1, tail + 1):
        ty = (1.25 + 0.34 * i) * size
        tx = math.sin(i * 1.25) * 0.26 * size * sway
        px, py = math.sin((i - 0.5) * 1.25) * 0.34 * size * sway, (1.25 + 0.34 * (i - 0.5)) * size
        d_tail += f" Q{px:.1f} {py:.1f} {tx:.1f} {ty:.1f}"
        w = 0.15 * size
        bows += path(f"M{tx:.1f} {ty:.1f} l{-w:.1f} {-w * 0.7:.1f} v{w * 1.4:.1f}Z M{tx:.1f} {ty:.1f} l{w:.1f} {-w * 0.7:.1f} v{w * 1.4:.1f}Z", (a, c)[i % 2])
    body = f'<g transform="translate({x} {y}) rotate({angle})">{line(d_tail, d, size * 0.03)}{bows}{facets}{bones}</g>'
    if string:
        sx, sy = string
        body = line(f"M{x} {y} Q{(x + sx) / 2 + 60:.0f} {(y + sy) / 2 + 90:.0f} {sx} {sy}", "#ffffff", 2.5, opacity=0.8) + body
    return body


def person(x, y, s, coat, skin="#f3c9a5", hair="#2b2a3a", arm=(46, -96)):
    """Someone seen from behind, one arm up; (x, y) are the feet. The hand is at `arm`."""
    return (
        path(f"M{x - 16 * s} {y} l{6 * s} {-52 * s} h{20 * s} l{6 * s} {52 * s}h{-10 * s} l{-6 * s} {-34 * s} l{-6 * s} {34 * s}Z", "#32405c")
        + path(f"M{x - 22 * s} {y - 44 * s} q{4 * s} {-58 * s} {22 * s} {-60 * s} q{18 * s} {2 * s} {22 * s} {60 * s}Z", coat)
        + line(f"M{x + 8 * s} {y - 92 * s} L{x + arm[0] * s} {y + arm[1] * s - 40 * s}", coat, 13 * s)
        + circle(x + arm[0] * s, y + arm[1] * s - 40 * s, 7 * s, skin)
        + circle(x, y - 122 * s, 20 * s, skin)
        + path(f"M{x - 21 * s} {y - 120 * s} a{21 * s} {21 * s} 0 0 1 {42 * s} 0 q{-6 * s} {-12 * s} {-21 * s} {-8 * s} q{-16 * s} {-2 * s} {-21 * s} {8 * s}Z", hair)
    )


def pine(x, y, s, fill, trunk="#5d4634"):
    tri = lambda w, top, base: path(f"M{x - w * s:.1f} {y - base * s:.1f} L{x:.1f} {y - top * s:.1f} L{x + w * s:.1f} {y - base * s:.1f}Z", fill)
    return rect(x - 4 * s, y - 16 * s, 8 * s, 18 * s, trunk) + tri(30, 78, 12) + tri(24, 102, 40) + tri(17, 120, 68)


def birds(points, colour):
    return "".join(line(f"M{x - 14} {y - 5} q8 -8 14 4 q6 -12 14 -4", colour, 3) for x, y in points)


WARM = ("#f2545b", "#f7b538", "#db3a34", "#f7d488")
COOL = ("#2a9d8f", "#8ecae6", "#264653", "#e9c46a")
PLUM = ("#9d4edd", "#ff9e80", "#5a189a", "#ffd6a5")
LEAF = ("#588157", "#dde5b6", "#3a5a40", "#f2cc8f")


def morning(rng):
    """2026-10-23: the first kite of the day."""
    return (
        sky("#8fd3e8", "#a8dfe9", "#c9ebe6", "#fbeed3", "#ffe1b3")
        + circle(930, 372, 74, "#ffcf70")
        + cloud(150, 150, 1.1, "#ffffff") + cloud(820, 120, 0.8, "#f4fbfb") + cloud(560, 235, 0.55, "#ffffff")
        + hill([(0, 430), (210, 360), (430, 452), (690, 372), (960, 462), (1200, 392)], "#9cc9a4")
        + hill([(0, 512), (260, 452), (560, 540), (860, 470), (1200, 540)], "#6fae86")
        + hill([(0, 600), (330, 538), (700, 622), (1200, 566)], "#3f8a6d")
        + "".join(pine(60 + 52 * i + rng.uniform(-9, 9), 590 - 7 * i, 0.62 + 0.1 * rng.random(), "#2f7059") for i in range(4))
        + kite(640, 205, 98, 24, WARM, 6, 1.2, (866, 492))
        + person(826, 612, 0.86, "#e76f51")
        + birds([(330, 250), (372, 226), (418, 262)], "#4b7a86")
    )


def spool(rng):
    """2026-10-30: a spool of thread under the moon."""
    x, y = 400, 400
    stars = "".join(circle(rng.uniform(0, W), rng.uniform(0, 380), rng.choice((1.6, 2.2, 3)), "#f5ecd2") for _ in range(60))
    thread = "".join(rect(x - 92, y - 96 + i * 16, 184, 12, ("#f7b538", "#f2a31b")[i % 2], 6) for i in range(12))
    return (
        sky("#171c3f", "#1e2752", "#2a3768", "#3c4c80")
        + stars + path("M986 62 A72 72 0 1 1 940 152 A62 62 0 0 0 986 62Z", "#f9e7b9")
        + hill([(0, 520), (280, 470), (620, 540), (900, 480), (1200, 520)], "#252a55")
        + hill([(0, 600), (400, 556), (800, 610), (1200, 570)], "#1a1e40")
        + f'<ellipse cx="{x}" cy="{y + 150}" rx="190" ry="20" fill="#12152f"/>'
        + rect(x - 150, y - 150, 300, 46, "#b07a4f", 14) + rect(x - 150, y - 150, 300, 16, "#c99468", 8)
        + rect(x - 106, y - 106, 212, 212, "#8a5a3a") + thread
        + rect(x - 150, y + 104, 300, 46, "#b07a4f", 14) + rect(x - 150, y + 104, 300, 16, "#c99468", 8)
        + line(f"M{x + 92} {y - 30} C{x + 250} {y - 10} {x + 250} {y - 230} {x + 430} {y - 218}", "#f7b538", 5)
        + kite(x + 436, y - 216, 74, 38, PLUM, 5)
        + kite(1040, 392, 30, 18, COOL, 4) + kite(640, 92, 24, -16, WARM, 4)
    )


def vane(rng):
    """2026-11-06: a weather vane over autumn roofs."""
    def house(x, y, w, h, wall, roof):
        windows = "".join(rect(x + w * (0.16 + 0.4 * i), y - h * 0.62, w * 0.2, h * 0.3, "#ffe9b8", 3) for i in range(2))
        return rect(x, y - h, w, h, wall) + windows + path(f"M{x - 22} {y - h} L{x + w / 2} {y - h - 92} L{x + w + 22} {y - h}Z", roof)
    leaves = "".join(
        f'<g transform="translate({rng.uniform(40, 1160):.0f} {rng.uniform(60, 470):.0f}) rotate({rng.uniform(0, 360):.0f})">'
        + path("M-14 0 Q0 -12 14 0 Q0 12 -14 0Z", rng.choice(("#d9622b", "#e9a03b", "#b8432f"))) + "</g>" for _ in range(22))
    x, y = 600, 210
    return (
        sky("#f6d7a7", "#f8dfb5", "#fbe8c8", "#fdf1dd")
        + circle(250, 170, 66, "#f4a259") + cloud(760, 110, 0.9, "#fff8ea") + cloud(70, 300, 0.7, "#fff8ea")
        + hill([(0, 470), (300, 420), (640, 486), (940, 410), (1200, 462)], "#d99a5b")
        + hill([(0, 540), (340, 500), (760, 552), (1200, 508)], "#b8743f")
        + house(92, 640, 210, 150, "#f3e3c8", "#a23b2a") + house(880, 640, 240, 168, "#eed9b7", "#8d3324")
        + house(430, 660, 340, 210, "#fbeed6", "#bf4a33")
        + rect(0, 636, W, 40, "#6d4a2f")
        + line(f"M{x} 362 V{y - 66}", "#2f3b45", 9) + circle(x, y - 74, 12, "#2f3b45")
        + line(f"M{x - 150} {y} H{x + 128}", "#2f3b45", 9)
        + path(f"M{x + 186} {y} l-66 -36 v72Z", "#2f3b45")
        + path(f"M{x - 196} {y - 44} h70 l30 44 l-30 44 h-70 l26 -44Z", "#e76f51")
        + line(f"M{x - 62} 304 H{x + 62}", "#2f3b45", 6) + circle(x - 66, 304, 9, "#2f3b45") + circle(x + 66, 304, 9, "#2f3b45")
        + kite(1010, 214, 46, 30, LEAF, 5) + leaves
    )


def longline(rng):
    """2026-11-13: many kites on one long line, in order."""
    out = sky("#b8dbe8", "#c7e3ea", "#d8ecee", "#e9f4f0")
    out += cloud(120, 120, 0.9, "#ffffff") + cloud(690, 90, 0.7, "#ffffff") + cloud(960, 250, 0.9, "#f7fcfc")
    out += hill([(0, 500), (260, 470), (560, 508), (880, 466), (1200, 500)], "#8fc0bf")
    out += rect(0, 528, W, 150, "#4a96a8")
    for i in range(9):
        x, y = rng.uniform(0, 1100), 548 + i * 13
        out += line(f"M{x:.0f} {y} q22 -9 44 0 t44 0", "#7fbcc9", 3)
    out += path("M0 676 L0 560 Q150 556 250 676Z", "#e6cf9c")
    point = lambda t: (150 + 1010 * t, 560 - 470 * t ** 0.62 + 34 * math.sin(t * 9))
    d = "M" + " L".join(f"{point(i / 80)[0]:.1f} {point(i / 80)[1]:.1f}" for i in range(81))
    out += line(d, "#33505c", 3)
    for i, colours in enumerate((WARM, COOL, LEAF, PLUM, WARM, COOL, LEAF)):
        x, y = point(0.17 + 0.135 * i)
        out += kite(round(x), round(y), 26 + 5.2 * i, 18 + 4 * i, colours, 3, 0.8)
    return out + person(110, 636, 0.8, "#db3a34", arm=(50, -36)) + birds([(470, 150), (516, 172), (566, 142)], "#55808c")


def frost(rng):
    """2026-11-20: first snow, and a constellation with a tail."""
    stars = "".join(circle(rng.uniform(0, W), rng.uniform(0, 330), rng.choice((1.5, 2, 2.6)), "#dfe9f5") for _ in range(46))
    flakes = "".join(circle(rng.uniform(0, W), rng.uniform(120, H), rng.choice((2.5, 3.5, 5)), "#ffffff") for _ in range(70))
    dots = [(742, 70), (650, 152), (742, 306), (824, 152), (742, 152)]
    tail = [(742, 306), (712, 352), (758, 388), (724, 424)]
    frame = line("M742 70 L650 152 L742 306 L824 152 Z M742 70 V306 M650 152 H824", "#9fc3e6", 2.5, opacity=0.8)
    frame += line("M" + " L".join(f"{x} {y}" for x, y in tail), "#9fc3e6", 2.5, opacity=0.8, stroke_dasharray="2 9")
    peak = lambda x, y, w, fill, snow: (
        path(f"M{x - w} 560 L{x} {y} L{x + w} 560Z", fill)
        + path(f"M{x} {y} l{w * 0.27} {(560 - y) * 0.27} l{-w * 0.12} {-(560 - y) * 0.05} l{-w * 0.13} {(560 - y) * 0.1} l{-w * 0.13} {-(560 - y) * 0.1} l{-w * 0.16} {(560 - y) * 0.05}Z", snow))
    hut = (rect(300, 508, 128, 82, "#6b4b3a") + path("M276 516 L364 444 L452 516Z", "#f4f8fc") + rect(346, 540, 36, 50, "#3f2c22", 3)
           + rect(316, 530, 22, 22, "#ffd166", 3) + rect(392, 530, 22, 22, "#ffd166", 3) + rect(402, 446, 18, 36, "#6b4b3a")
           + "".join(circle(416 + 13 * i, 428 - 24 * i, 10 + 4 * i, "#5d7ba3") for i in range(3)))
    return (
        sky("#1b3358", "#24436e", "#305484", "#44699a") + stars
        + peak(180, 240, 300, "#5a7aa5", "#eef4fb") + peak(1020, 210, 340, "#5f80ab", "#f2f7fc") + peak(560, 330, 250, "#4f6f9b", "#e6eef8")
        + frame + "".join(circle(x, y, 7, "#fff3c4") for x, y in dots) + "".join(circle(x, y, 4.5, "#fff3c4") for x, y in tail[1:])
        + hill([(0, 560), (300, 528), (640, 570), (940, 534), (1200, 566)], "#c9d9ea")
        + hill([(0, 616), (360, 586), (820, 630), (1200, 590)], "#eef4fa")
        + hut + "".join(pine(x, y, s, "#2f5d62") for x, y, s in ((560, 610, 0.8), (620, 616, 1.0), (94, 616, 0.9), (1010, 604, 0.9), (1076, 602, 1.15), (1130, 606, 0.8)))
        + kite(905, 392, 40, 26, WARM, 4, 1, (822, 520)) + person(800, 616, 0.68, "#f2545b", arm=(32, -100)) + flakes
    )


def lease(rng):
    """A figure: how a lease goes from one worker to the next."""
    def box(x, y, w, fill, name, colour="#ffffff"):
        return rect(x, y, w, 84, fill, 12) + f'<text x="{x + w / 2}" y="{y + 52}" font-size="27" text-anchor="middle" fill="{colour}">{name}</text>'
    def note(x, y, words, colour="#52606d", size=22):
        return f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="middle" fill="{colour}">{words}</text>'
    return (
        rect(0, 0, W, H, "#fbfaf7")
        + note(600, 84, "lease 30 s · fence 7 → 8", "#1f2933", 34)
        + line("M120 196 H1080", "#cbd2d9", 3) + line("M120 366 H1080", "#cbd2d9", 3)
        + note(92, 204, "A", "#1f2933", 30) + note(92, 374, "B", "#1f2933", 30)
        + box(160, 154, 250, "#2a9d8f", "claim  7") + box(410, 154, 180, "#e9c46a", "…", "#6b4f00") + box(590, 154, 160, "#f2545b", "✕")
        + box(770, 324, 270, "#2a9d8f", "claim  8")
        + line("M750 132 V470", "#db3a34", 3, stroke_dasharray="3 11") + note(750, 508, "t = 30 s", "#db3a34")
        + circle(905, 197, 9, "#db3a34") + note(905, 252, "done(7) → 409", "#db3a34", 26)
        + circle(1040, 366, 9, "#1f2933") + note(960, 462, "done(8) → 204", "#2a9d8f", 26)
        + line("M120 620 H1080 m-16 -10 l16 10 l-16 10", "#7b8794", 3)
    )


def bars(rng):
    """A figure: start-up time by version."""
    rows = (("0.6", 412, "#cbd2d9"), ("0.7", 388, "#cbd2d9"), ("0.8", 231, "#8ecae6"), ("0.9", 74, "#2a9d8f"))
    out = rect(0, 0, W, H, "#fbfaf7") + '<text x="96" y="92" font-size="34" fill="#1f2933">bamboo run · ms</text>'
    for i, (name, value, fill) in enumerate(rows):
        y = 150 + i * 118
        out += rect(190, y, value * 2.05, 72, fill, 10)
        out += f'<text x="150" y="{y + 47}" font-size="30" text-anchor="end" fill="#52606d">{name}</text>'
        out += f'<text x="{212 + value * 2.05:.0f}" y="{y + 47}" font-size="30" fill="#1f2933">{value}</text>'
    return out


PICTURES = {
    "cover-2026-10-23": morning, "cover-2026-10-30": spool, "cover-2026-11-06": vane,
    "cover-2026-11-13": longline, "cover-2026-11-20": frost, "lease": lease, "startup": bars,
}


def shrink(png):
    """The browser's PNG with a palette of 256 colours: a third of the bytes, no difference to the eye."""
    data, at, packed, header = png, 8, b"", None
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", data[at + 8:at + 8 + size])
        if kind == b"IDAT":
            packed += data[at + 8:at + 8 + size]
        at += 12 + size
    width, height, bits, colour = header[:4]
    assert bits == 8 and colour in (2, 6)
    n = 3 if colour == 2 else 4
    raw, stride, before, rows = zlib.decompress(packed), width * n, bytearray(width * n), []
    for y in range(height):
        kind, row = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for i in range(stride):
            a, b, c = (row[i - n] if i >= n else 0), before[i], (before[i - n] if i >= n else 0)
            if kind == 1:
                add = a
            elif kind == 2:
                add = b
            elif kind == 3:
                add = (a + b) // 2
            elif kind == 4:
                pa, pb, pc = abs(b - c), abs(a - c), abs(a + b - 2 * c)
                add = a if pa <= pb and pa <= pc else b if pb <= pc else c
            else:
                add = 0
            row[i] = (row[i] + add) & 255
        rows.append([bytes(row[i:i + 3]) for i in range(0, stride, n)])
        before = row
    counts = collections.Counter(pixel for row in rows for pixel in row)
    palette = [pixel for pixel, _ in counts.most_common(256)]
    nearest = {pixel: i for i, pixel in enumerate(palette)}
    for pixel in counts:
        if pixel not in nearest:
            nearest[pixel] = min(range(len(palette)), key=lambda i: sum((p - q) ** 2 for p, q in zip(pixel, palette[i])))
    body = b"".join(b"\0" + bytes(nearest[pixel] for pixel in row) for row in rows)

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
            + chunk(b"PLTE", b"".join(palette)) + chunk(b"IDAT", zlib.compress(body, 9)) + chunk(b"IEND", b""))


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or PICTURES:
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="{W}" height="{H}" font-family="DejaVu Sans, sans-serif">{PICTURES[name](random.Random(name))}</svg>'
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder) / "page.html"
            page.write_text(f"<meta charset=utf-8><body style='margin:0'>{svg}", encoding="utf-8")
            subprocess.run(
                ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}/profile",
                 f"--window-size={W},{H}", f"--screenshot={OUT / name}.png", page.as_uri()],
                check=True, capture_output=True)
        file = OUT / f"{name}.png"
        file.write_bytes(shrink(file.read_bytes()))
        print(f"{name}.png: {file.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
