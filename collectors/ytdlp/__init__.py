"""The `ytdlp` method: media and their pages through the yt-dlp library."""
