namespace NetPulse.Collector.Sources;

/// <summary>How much of TCP is told apart.</summary>
/// <param name="MaxEdges">Workload pairs that have series of their own; the rest is folded into the peer <c>other</c>.</param>
/// <param name="Rows">Peers' addresses that have a row of their own in the kernel between two readings; the rest shares its owner's.</param>
/// <param name="Flows">Single connections that have series of their own.</param>
public sealed record TcpOptions(int MaxEdges, int Rows, int Flows);
