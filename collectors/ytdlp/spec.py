"""What the method `ytdlp` says of itself, without loading yt-dlp."""

from __future__ import annotations

import re

from collectors.interface import MethodSpec

VIDEO_HOSTS = (
    r"(?:[\w-]+\.)*youtube(?:-nocookie)?\.com/(?:watch|shorts/|live/|embed/|clip/|v/)",
    r"youtu\.be/[\w-]",
    r"(?:[\w-]+\.)*vimeo\.com/(?:\d|video/|channels/|ondemand/|event/)",
    r"(?:[\w-]+\.)*tiktok\.com/(?:@[^/]+/video/|v/|t/|embed/|\w{9})",
    r"(?:[\w-]+\.)*dailymotion\.com/(?:video|embed/video)/",
    r"dai\.ly/\w",
    r"(?:[\w-]+\.)*facebook\.com/(?:watch|reel/|video\.php|share/[vr]/|[^/?#]+/videos/)",
    r"fb\.watch/\w",
    r"(?:[\w-]+\.)*instagram\.com/(?:[^/?#]+/)?(?:reels?|tv)/",
    r"(?:[\w-]+\.)*(?:twitter|x)\.com/(?:[^/?#]+|i(?:/web)?)/status(?:es)?/\d",
    r"(?:t|telegram)\.me/(?:s/)?[\w-]+/\d",
    r"(?:[\w-]+\.)*(?:vk\.com|vk\.ru|vkvideo\.ru)/(?:video|clip|[^?#]*[?&]z=video)",
    r"(?:[\w-]+\.)*rutube\.ru/(?:video|shorts|play/embed|live)/",
    r"(?:[\w-]+\.)*(?:ok|odnoklassniki)\.ru/(?:video|videoembed|live)/",
    r"(?:[\w-]+\.)*bitchute\.com/(?:video|embed|torrent)/",
    r"(?:[\w-]+\.)*odysee\.com/[@$]",
    r"(?:[\w-]+\.)*rumble\.com/(?:embed/|v\w+-)",
    r"(?:[\w-]+\.)*twitch\.tv/(?:videos/|[^/?#]+/(?:clip|v|video)/)",
    r"clips\.twitch\.tv/\w",
    r"(?:[\w-]+\.)*streamable\.com/\w",
    r"(?:[\w-]+\.)*bilibili\.com/video/",
    r"(?:[\w-]+\.)*aparat\.com/v/",
    r"(?:[\w-]+\.)*reddit\.com/(?:r|user)/[^/]+/comments/",
)
"""Pages whose content is a video that plain HTTP does not bring. Courtesy: `--method` always decides."""

CLAIMS = re.compile(
    rf"^(?:https?://(?:{'|'.join(VIDEO_HOSTS)})|https?://[^/?#]+/[^?#]*\.(?:m3u8|mpd)(?:[?#]|$))", re.IGNORECASE
)

SPEC = MethodSpec(
    name="ytdlp",
    version="1",
    summary="Video and audio by yt-dlp: the original streams, segments and playlists as they were sent.",
    module="collectors.ytdlp.capture",
    schemes=("http", "https"),
    priority=10,
    touches_network=True,
    claims=CLAIMS,
    acts_for_scripts=True,
    options={"module_for_many": "collectors.ytdlp.batch"},
)
