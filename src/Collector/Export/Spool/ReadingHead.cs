namespace NetPulse.Collector.Export.Spool;

/// <summary>What a record begins with: enough to find it, to tell its age and to count what is lost with it.</summary>
internal readonly record struct ReadingHead(long Number, long UnixMilliseconds, int Samples);
