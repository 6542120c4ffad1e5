"""Every way that we know to write an address which is not public, and every way to lead a program there.

One table for all tools (HOSTILE inputs A and E). `HOSTS` are written as they stand in a locator, IPv6 in brackets;
`NAMES` are looked up by the tests' own resolver. `AUTHORITIES` confuse readers of addresses: some of them read a public
host there, which is no escape. `{target}` in what leads there is a whole locator.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

PUBLIC = "93.184.216.34"
PUBLIC_NAME = "public.test"

HOSTS: dict[str, tuple[str, ...]] = {
    "loopback": (
        "127.0.0.1",
        "127.0.0.2",
        "127.255.255.254",
        "127.1",
        "127.0.1",
        "127.0.0.1.",
        "127.1.",
        "localhost",
        "LOCALHOST",
        "LocalHost",
        "localhost.",
        "LOCALHOST.",
        "ip6-localhost",
        "ip6-loopback",
        "localhost.localdomain",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[0000:0000:0000:0000:0000:0000:0000:0001]",
        "[::0001]",
        "[0::1]",
    ),
    "decimal, octal and hexadecimal": (
        "2130706433",
        "0x7f000001",
        "0X7F000001",
        "0x7f.0.0.1",
        "0x7f.1",
        "0x7f.0x0.0x0.0x1",
        "0177.0.0.1",
        "0177.1",
        "0177.0.0x0.1",
        "017700000001",
        "00000177.0.0.1",
        "127.0.0.01",
        "127.000.000.001",
        "6425673729",
        "0x17f000001",
        "383.0.0.1",
        "127.0.0.257",
        "127.16777215",
        "1.2.3.4.5",
    ),
    "this network": ("0", "00", "0x0", "0.0", "0.0.0.0", "000.000.000.000", "0.0.0.1", "[::]", "[0:0:0:0:0:0:0:0]"),
    "IPv4-mapped": (
        "[::ffff:127.0.0.1]",
        "[::FFFF:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:127.0.0.1]",
        "[0:0:0:0:0:ffff:7f00:1]",
        "[::ffff:0.0.0.0]",
        "[::ffff:10.0.0.1]",
        "[::ffff:100.64.0.1]",
        "[::ffff:169.254.169.254]",
        "[::ffff:192.168.0.1]",
        "[::ffff:255.255.255.255]",
    ),
    "IPv4-compatible and translated": (
        "[::127.0.0.1]",
        "[::7f00:1]",
        "[::10.0.0.1]",
        "[::8.8.8.8]",
        "[::ffff:0:127.0.0.1]",
        "[::ffff:0:7f00:1]",
    ),
    "NAT64": (
        "[64:ff9b::7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b::0.0.0.0]",
        "[64:ff9b::10.0.0.1]",
        "[64:ff9b::100.64.0.1]",
        "[64:ff9b::169.254.169.254]",
        "[64:ff9b::192.168.1.1]",
        "[64:ff9b:1::]",
        "[64:ff9b:1::7f00:1]",
        "[64:ff9b:1:fffe::808:808]",
    ),
    "6to4": (
        "[2002:7f00:1::1]",
        "[2002:7f00:0001::]",
        "[2002:a00:1::1]",
        "[2002:c0a8:101::1]",
        "[2002:a9fe:a9fe::1]",
        "[2002:6440:1::1]",
        "[2002:e000:1::1]",
    ),
    "Teredo": (
        "[2001:0:5db8:d822:0:0:80ff:fffe]",
        "[2001:0:5db8:d822:0:0:3f57:fffe]",
        "[2001:0:a00:1:0:0:a247:27dd]",
        "[2001:0000:4136:e378:8000:63bf:f5ff:fffe]",
    ),
    "site-local": ("[fec0::1]", "[fec0:0:0:ffff::1]", "[fedf::1]", "[feff::1]"),
    "unique local": ("[fc00::1]", "[fd00::1]", "[fd12:3456:789a::1]", "[fd00:ec2::254]", "[fdff:ffff::1]"),
    "link-local": (
        "[fe80::1]",
        "[fe80::1%lo]",
        "[fe80::1%25lo]",
        "[fe80::1%251]",
        "[fe80::5efe:127.0.0.1]",
        "[fe80::a9fe:a9fe]",
        "[febf::1]",
    ),
    "private": (
        "10.0.0.1",
        "10.1",
        "10.255.255.255",
        "167772161",
        "0xa000001",
        "012.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "2886729729",
        "192.168.0.1",
        "192.168.1",
        "3232235521",
        "0xc0a80001",
        "0300.0250.1",
    ),
    "metadata of clouds": (
        "169.254.169.254",
        "169.254.169.254.",
        "0xa9fea9fe",
        "0xa9.0xfe.0xa9.0xfe",
        "2852039166",
        "0251.0376.0251.0376",
        "169.254.43518",
        "169.16689662",
        "169.254.170.2",
        "100.100.100.200",
        "192.0.0.192",
    ),
    "carrier-grade NAT": ("100.64.0.1", "100.127.255.254", "1681915905", "0x64400001"),
    "protocol assignments": ("192.0.0.1", "192.0.0.8", "192.0.0.170", "192.88.99.1", "[2001:2::1]", "[2001:10::1]"),
    "documentation": ("192.0.2.1", "198.51.100.1", "203.0.113.1", "[2001:db8::1]", "[3fff::1]"),
    "benchmarking": ("198.18.0.1", "198.19.255.254", "3323068417"),
    "multicast": ("224.0.0.1", "224.0.0.251", "239.255.255.250", "[ff01::1]", "[ff02::1]", "[ff05::2]", "[ff0e::1]"),
    "broadcast and reserved": (
        "255.255.255.255",
        "4294967295",
        "0xffffffff",
        "240.0.0.1",
        "250.1.2.3",
        "[100::1]",
        "[100:0:0:1::1]",
        "[4000::1]",
        "[5f00::1]",
        "[::2]",
    ),
    "digits and dots of other scripts": (
        "１２７.０.０.１",
        "①②⑦.⓪.⓪.①",
        "𝟏𝟐𝟕.𝟎.𝟎.𝟏",
        "127。0。0。1",
        "127．0．0．1",
        "127｡0｡0｡1",
        "１２７。１",
        "２１３０７０６４３３",
        "０ｘ7f.1",
        "169。254。169。254",
        "ｌｏｃａｌｈｏｓｔ",
        "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
        "loc\u00adalhost",
        "local\u2060host",
        "ʟocalhost",
    ),
}

NAMES: dict[str, tuple[tuple[str, ...], ...]] = {
    "inside.test": (("127.0.0.2",),),
    "net.test": (("10.0.0.7",),),
    "six.test": (("::1",),),
    "mapped.test": (("::ffff:127.0.0.1",),),
    "nat64.test": (("64:ff9b::7f00:1",),),
    "sixtofour.test": (("2002:7f00:1::1",),),
    "site-local.test": (("fec0::1",),),
    "scoped.test": (("fe80::1%lo",),),
    "metadata.test": (("169.254.169.254",),),
    "any.test": (("0.0.0.0",),),
    "127.0.0.1.wildcard.test": (("127.0.0.1",),),
    "mixed.test": ((PUBLIC, "127.0.0.1"),),
    "mixed-six.test": ((PUBLIC, "::1"),),
    "late.test": (("127.0.0.1", PUBLIC),),
    "unreadable.test": (("not an address",),),
    "rebinding.test": ((PUBLIC,), ("127.0.0.1",)),
    "rebinding-six.test": ((PUBLIC,), ("::ffff:10.0.0.1",)),
}
"""What the tests' resolver answers, in turn; the last answer stays. Rebinding: public first, then private."""

AUTHORITIES = (
    "public.test@127.0.0.1:{port}",
    "public.test:80@127.0.0.1:{port}",
    "public.test%40@127.0.0.1:{port}",
    "public.test%2f@127.0.0.1:{port}",
    "public.test%00@127.0.0.1:{port}",
    "127.0.0.1:{port}@public.test@127.0.0.1:{port}",
    "public.test\\@127.0.0.1:{port}",
    "127.0.0.1:{port}\\@public.test",
    "127.0.0.1:{port}\\.public.test",
    "127.0.0.1:{port}#@public.test",
    "127.0.0.1:{port}?@public.test",
    "127.0.0.1%00.public.test",
    "127.0.0.1%23.public.test",
    "127.0.0.1%2f.public.test:{port}",
    "127.0.0.1\t:{port}",
    "127.0.0.1:0{port}",
    "127.0.0.1:{port}:80",
    "[::1]public.test:{port}",
    "[::1]@public.test:{port}",
    "[127.0.0.1]:{port}",
    "public.test:{port}",
    "public.test:22",
    "public.test:25",
    "public.test:6379",
)

STATUSES = (301, 302, 303, 307, 308)
LOCATIONS = (
    "{target}",
    "//{authority}/",
    "  {target}",
    "HTTP://{authority}/",
    "http:\\\\{authority}\\",
    "/\\{authority}/",
    "\\\\{authority}/",
    "http:/{authority}/",
    "http:{authority}/",
    "https://{authority}/",
    "ftp://{authority}/",
    "gopher://{authority}/_GET%20/",
    "dict://{authority}/",
    "file:///etc/hostname",
    "data:text/html,<script src={target}></script>",
    "javascript:location='{target}'",
)


@dataclass(frozen=True, slots=True)
class Lead:
    """Something that names `{target}`: its name, its declared type and its text."""

    name: str
    media_type: str
    text: str

    def toward(self, target: str) -> bytes:
        return self.text.replace("{target}", target).encode("utf-8", "surrogatepass")


def _page(name: str, markup: str) -> Lead:
    return Lead(name, "text/html; charset=utf-8", f"<!doctype html><title>{name}</title>{markup}")


PAGES = (
    _page("meta refresh", '<meta http-equiv="refresh" content="0; url={target}">'),
    _page("script", '<script>location="{target}"</script>'),
    _page("frame", '<iframe src="{target}"></iframe>'),
    _page("frame in text", "<iframe srcdoc='<video src=\"{target}\"></video>'></iframe>"),
    _page("video", '<video src="{target}"></video>'),
    _page("video source", '<video><source src="{target}" type="video/mp4"></video>'),
    _page("video poster", '<video poster="{target}" src="/nothing.mp4"></video>'),
    _page("subtitle", '<video src="/nothing.mp4"><track src="{target}"></video>'),
    _page("audio", '<audio src="{target}"></audio>'),
    _page("object", '<object data="{target}" type="video/mp4"></object>'),
    _page("embed", '<embed src="{target}" type="video/mp4">'),
    _page("picture", '<img src="{target}" srcset="{target} 2x">'),
    _page("icon", '<link rel="icon" href="{target}"><link rel="preload" as="video" href="{target}">'),
    _page("canonical", '<link rel="canonical" href="{target}">'),
    _page("base", '<base href="{target}"><video src="film.mp4"></video>'),
    _page(
        "og:video", '<meta property="og:video" content="{target}"><meta property="og:video:type" content="video/mp4">'
    ),
    _page("og:video:url", '<meta property="og:video:secure_url" content="{target}">'),
    _page(
        "player card",
        '<meta name="twitter:player:stream" content="{target}"><meta name="twitter:player" content="{target}">',
    ),
    _page("oembed", '<link rel="alternate" type="application/json+oembed" href="{target}">'),
    _page("feed", '<link rel="alternate" type="application/rss+xml" href="{target}">'),
    _page(
        "JSON-LD",
        '<script type="application/ld+json">{"@context":"https://schema.org","@type":"VideoObject","name":"v",'
        '"contentUrl":"{target}","embedUrl":"{target}","thumbnailUrl":"{target}"}</script>',
    ),
    _page("player", '<script>jwplayer("p").setup({"file":"{target}","image":"{target}"})</script>'),
    _page("player source", '<script>var v={sources:[{file:"{target}",type:"video/mp4"}]}</script>'),
    _page("stylesheet", '<style>body{background:url("{target}")}</style><link rel="stylesheet" href="{target}">'),
    _page("hls player", '<video><source src="{target}" type="application/x-mpegURL"></video>'),
)

_HLS = "application/vnd.apple.mpegurl"
_DASH = "application/dash+xml"
_MPD = (
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'type="static" mediaPresentationDuration="PT2S" minBufferTime="PT1S" '
    'profiles="urn:mpeg:dash:profile:isoff-on-demand:2011">'
)
_SET = '<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1000" width="16" height="16">'
_END = "</Representation></AdaptationSet></Period></MPD>"

PLAYLISTS = (
    Lead("HLS segment", _HLS, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{target}\n#EXT-X-ENDLIST\n"),
    Lead(
        "HLS key",
        _HLS,
        '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-KEY:METHOD=AES-128,URI="{target}"\n#EXTINF:2,\n/nothing.ts\n'
        "#EXT-X-ENDLIST\n",
    ),
    Lead(
        "HLS map",
        _HLS,
        '#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n#EXT-X-MAP:URI="{target}"\n#EXTINF:2,\n/nothing.m4s\n'
        "#EXT-X-ENDLIST\n",
    ),
    Lead("HLS variant", _HLS, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000,RESOLUTION=16x16\n{target}\n"),
    Lead(
        "HLS sound",
        _HLS,
        '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",DEFAULT=YES,URI="{target}"\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=1000,AUDIO="a"\n{target}\n',
    ),
    Lead("DASH base", _DASH, f"{_MPD}<BaseURL>{{target}}</BaseURL><Period>{_SET}<BaseURL>f.mp4</BaseURL>{_END}"),
    Lead(
        "DASH segments",
        _DASH,
        f'{_MPD}<Period>{_SET}<SegmentList duration="1"><Initialization sourceURL="{{target}}"/>'
        f'<SegmentURL media="{{target}}"/></SegmentList>{_END}',
    ),
    Lead(
        "DASH template",
        _DASH,
        f'{_MPD}<Period>{_SET}<SegmentTemplate duration="1" media="{{target}}$Number$" '
        f'initialization="{{target}}"/>{_END}',
    ),
    Lead(
        "DASH link",
        _DASH,
        f'{_MPD}<Location>{{target}}</Location><Period xlink:href="{{target}}" xlink:actuate="onLoad"/></MPD>',
    ),
    Lead(
        "SMIL",
        "application/smil+xml",
        '<smil><head><meta base="{target}"/></head><body><video src="{target}"/></body></smil>',
    ),
    Lead(
        "XSPF",
        "application/xspf+xml",
        '<playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList><track><location>{target}</location></track></trackList></playlist>',
    ),
    Lead("ASX", "video/x-ms-asf", '<asx version="3.0"><entry><ref href="{target}"/></entry></asx>'),
    Lead("PLS", "audio/x-scpls", "[playlist]\nFile1={target}\nNumberOfEntries=1\nVersion=2\n"),
    Lead("M3U", "audio/x-mpegurl", "#EXTM3U\n#EXTINF:2,a\n{target}\n"),
    Lead(
        "F4M",
        "application/f4m+xml",
        '<manifest xmlns="http://ns.adobe.com/f4m/1.0"><media url="{target}" bitrate="1"/></manifest>',
    ),
    Lead(
        "ISM",
        "application/vnd.ms-sstr+xml",
        '<SmoothStreamingMedia MajorVersion="2" Duration="1">'
        '<StreamIndex Type="video" Url="{target}"/></SmoothStreamingMedia>',
    ),
    Lead(
        "RSS",
        "application/rss+xml",
        '<rss version="2.0"><channel><title>t</title><link>{target}</link>'
        '<item><title>i</title><link>{target}</link><enclosure url="{target}" length="1" type="video/mp4"/>'
        "</item></channel></rss>",
    ),
)

FILES = (
    Lead(
        "SVG picture",
        "image/svg+xml",
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
        '<image xlink:href="{target}" width="9" height="9"/><use href="{target}#a"/></svg>',
    ),
    Lead(
        "SVG entity",
        "image/svg+xml",
        '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY e SYSTEM "{target}">]><svg xmlns="http://www.w3.org/2000/svg"><text>&e;</text></svg>',
    ),
    Lead(
        "XML stylesheet",
        "text/xml",
        '<?xml version="1.0"?><?xml-stylesheet href="{target}" type="text/xsl"?><!DOCTYPE a SYSTEM "{target}"><a/>',
    ),
    Lead(
        "EPS",
        "application/postscript",
        "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n({target}) (r) file\n(%pipe%curl {target}) (r) file\n%%EOF\n",
    ),
    Lead(
        "PDF",
        "application/pdf",
        "%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/URI/URI({target})>>"
        "/AA<</O<</S/GoToR/F({target})>>>>>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",
    ),
    Lead("MVG", "image/x-mvg", "push graphic-context\nimage over 0,0 0,0 'url({target})'\npop graphic-context\n"),
    Lead("ffconcat", "video/mp4", "ffconcat version 1.0\nfile '{target}'\n"),
    Lead(
        "SDP",
        "application/sdp",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns={target}\nc=IN IP4 127.0.0.1\nt=0 0\n"
        "m=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    ),
    Lead(
        "XMP",
        "image/jpeg",
        '<?xpacket begin=""?><!DOCTYPE x [<!ENTITY e SYSTEM "{target}">]>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="{target}">&e;</rdf:Description></rdf:RDF></x:xmpmeta>',
    ),
    Lead("HTML named as a picture", "image/png", '<img src="{target}"><link rel="stylesheet" href="{target}">'),
    Lead("shortcut", "application/x-mswinurl", "[InternetShortcut]\nURL={target}\nIconFile={target}\n"),
    Lead(
        "QuickTime text",
        "video/quicktime",
        '<?quicktime type="application/x-quicktime-media-link"?><embed src="{target}" autoplay="true"/>',
    ),
)

LEADS = (*PAGES, *PLAYLISTS)
"""What a site may answer with."""


def hosts() -> Iterator[str]:
    """Every host of the table, as it stands in a locator."""
    for group in HOSTS.values():
        yield from group
    yield from NAMES


def targets(port: int) -> Sequence[str]:
    """Every form of the table as an http locator with that port, each once."""
    plain = (f"http://{host}:{port}/" for host in hosts())
    odd = (f"http://{authority.format(port=port)}/" for authority in AUTHORITIES)
    return tuple(dict.fromkeys((*plain, *odd)))
