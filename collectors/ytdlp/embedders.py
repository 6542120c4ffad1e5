"""The extractors of one yt-dlp version that can find a player in a page, so that the others need not be loaded.

Written down because finding out costs a second in every worker; a test finds out again and compares. For another
version of yt-dlp nothing is left out.
"""

from __future__ import annotations

EMBEDDERS_OF = "2026.10.26"

# fmt: off
EMBEDDERS = frozenset(
    {
        "ACast", "AENetworks", "AENetworksCollection", "AENetworksShow", "APA", "AdobeTVVideo", "Ant1NewsGrEmbed",
        "Anvato", "Aparat", "ArcPublishing", "Art19", "Art19Show", "ArteTVEmbed", "BBC", "BBCCoUk", "Bandcamp",
        "Bandlab", "BandlabPlaylist", "Biography", "BitChute", "Bitmovin", "Blogger", "BoxCastVideo",
        "BrightcoveLegacy", "BrightcoveNew", "BunnyCdn", "CamtasiaEmbed", "CloudflareStream", "CloudyCDN",
        "CondeNast", "CrooksAndLiars", "DBTV", "DacastPlaylist", "DacastVOD", "DailyMail", "Dailymotion",
        "DailymotionPlaylist", "DetikEmbed", "Digiteka", "DrTuber", "ERTWebtvEmbed", "ElementorEmbed", "Embedly",
        "Expressen", "Facebook", "FoxNews", "GediDigital", "GetCourseRuPlayer", "GlomexEmbed", "GoogleDrive",
        "HTML5MediaEmbed", "HistoryPlayer", "HistoryTopic", "HuffPost", "IGN", "IndavideoEmbed", "Instagram",
        "Ivi", "JStream", "JWPlatform", "Joj", "Kaltura", "Libsyn", "Loom", "MLB", "Maariv", "MainStreaming",
        "MangomoloLive", "MangomoloVideo", "MediaStream", "MediaWorksNZVOD", "Medialaan", "Mediaset",
        "MediasetShow", "Mediasite", "MegaTVComEmbed", "Megaphone", "MuseAI", "Mux", "NBCNews",
        "NBCSportsVPlayer", "NYTimes", "Nest", "NestClip", "Nexx", "NexxEmbed", "Odnoklassniki", "Omnyfm",
        "OmnyfmPlaylist", "Panopto", "PeerTube", "Periscope", "Piksel", "PlyrEmbed", "PornHub", "QuotedHTML",
        "RCSEmbeds", "RaiCultura", "RaiNews", "RedTube", "RtlNl", "RudoVideo", "Rumble", "RumbleEmbed", "Rutube",
        "Ruutu", "SBS", "SenateISVP", "SeznamZpravy", "SibnetEmbed", "Simplecast", "SlidesLive", "Smotrim",
        "SmotrimLive", "SoundcloudEmbed", "SportBox", "SproutVideo", "Streaks", "Streamable", "Substack",
        "TNAFlixNetworkEmbed", "TV24UAVideo", "TVC", "TVOpenGrEmbed", "TVPEmbed", "Teachable", "TedEmbed",
        "ThePlatform", "TheWeatherChannel", "ThreeQSDN", "TikTok", "Tube8", "TuneInEmbed", "Tvigle",
        "TwentyMinuten", "Txxx", "UDNEmbed", "Ustream", "VHXEmbed", "VK", "VODPlatform", "Vbox7", "Vevo", "Vice",
        "Viddler", "Videa", "VideoPress", "Vidly", "Vidyard", "ViewLiftEmbed", "Vimeo", "VimeoEvent",
        "VimeoOndemand", "Viously", "Viqeo", "Visir", "Vocaroo", "VoxMedia", "WashingtonPost", "WebcasterFeed",
        "WimTV", "Wistia", "WistiaChannel", "WistiaPlaylist", "WordpressMiniAudioPlayerEmbed",
        "WordpressPlaylistEmbed", "XHamsterEmbed", "YapFiles", "YouPorn", "Youtube", "Zapiks", "Zype",
    }
)
# fmt: on
