using NetPulse.Collector.Sampling;

namespace NetPulse.Collector.Export.Spool;

/// <summary>A reading and its place in the order of all readings of this node, which goes on over restarts.</summary>
internal sealed record NumberedReading(long Number, Reading Reading);
