"""What a page leaves behind, video, sound or the pictures of a post: what makes a second method follow the first."""

from __future__ import annotations

import re

MEDIA_METHOD = "ytdlp"
"""The method that brings what a page shows."""
GALLERY_METHOD = "gallerydl"
"""The method that brings the pictures of a post."""
IMAGE_POSTS = re.compile(
    r"https?://(?:[\w-]+\.)*(?:"
    r"instagram\.com/(?:[^/?#]+/)?p/|(?:twitter|x)\.com/(?:[^/?#]+|i(?:/web)?)/status(?:es)?/\d"
    r"|bsky\.app/profile/[^/?#]+/post/|imgur\.com/(?:a|gallery)/|flickr\.com/photos/[^/?#]+/\d|reddit\.com/gallery/"
    r"|vk\.(?:com|ru)/(?:photo|album|wall)-?\d|tumblr\.com/(?:[^/?#]+/\d|post/\d)|weibo\.(?:com|cn)/(?:\d+|detail)/\w"
    r"|(?:facebook|pinterest)\.com/(?:photo|pin/)|deviantart\.com/[^/?#]+/art/|artstation\.com/artwork/)",
    re.IGNORECASE,
)
"""Addresses of posts whose pictures a visitor without an account often does not get from the page. A courtesy."""
MEDIA_MARKUP = re.compile(
    r"<(?:video|audio)\b"
    r"|<source\b[^<>]{0,500}\btype\s*=\s*[\"']?(?:video|audio)/"
    r"|<meta\b[^<>]{0,500}\b(?:property|name)\s*=\s*[\"']?(?:og:video|og:audio|twitter:player)\b"
    r"|<(?:iframe|embed)\b[^<>]{0,2000}\bsrc\s*=\s*[\"']?(?:https?:)?//(?:[\w-]+\.)*"
    r"(?:youtube(?:-nocookie)?\.com/embed|player\.vimeo\.com|dailymotion\.com/embed|rutube\.ru/play/embed"
    r"|facebook\.com/plugins/video|tiktok\.com/embed|rumble\.com/embed|ok\.ru/videoembed)"
    r"|[\"'][^\"'\s<>]{1,2000}\.(?:m3u8|mpd)(?:\?[^\"'\s<>]{0,2000})?[\"']"
    r"|\"@type\"\s*:\s*\"VideoObject\"",
    re.IGNORECASE,
)


def names_media(page: str) -> bool:
    """Whether the text of an HTML page names a video or audio that plain HTTP leaves behind.

    A hint for a further capture of the same lead; it looks at markup and follows nothing.
    """
    return MEDIA_MARKUP.search(page) is not None


def is_image_post(locator: str) -> bool:
    """Whether an address is that of a post whose pictures are had by `GALLERY_METHOD`."""
    return IMAGE_POSTS.match(locator) is not None
