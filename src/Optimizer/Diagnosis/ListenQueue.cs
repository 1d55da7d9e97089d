using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>The accept queue of the listener that overflows most: of a pod or a node, or of the port that an edge's connections are made to.</summary>
/// <param name="Where">Pod and port.</param>
/// <param name="Port">As the label has it.</param>
/// <param name="Overflows">Connections that found it full.</param>
/// <param name="Limit">How many may wait; that of all listeners on the port together.</param>
/// <param name="MeanUse">Share of the limit that waited at the readings.</param>
/// <param name="Ceiling">net.core.somaxconn.</param>
/// <param name="Listens">Listening sockets that were made anew.</param>
public sealed record ListenQueue(string Where, string Port, double? Overflows, double? Limit, double? MeanUse, double? Ceiling, double? Listens)
{
    /// <returns><see langword="null"/> where nothing listens.</returns>
    public static ListenQueue? Of(SubjectEvidence evidence)
    {
        var (readings, owner, port) = evidence.Subject switch
        {
            Subject.OfEdge { Edge: { Role: LabelNames.Client } edge } => (evidence.Peer, edge.Peer.ToString(), edge.ServerPort),
            Subject.OfEdge { Edge: var edge } => (evidence.Own, edge.Owner.ToString(), edge.ServerPort),
            _ => (evidence.Own, evidence.Subject.ToString(), null),
        };
        port ??= readings.Of(TcpSocketMetrics.ListenOverflows)
            .MaxBy(series => readings.Increase(TcpSocketMetrics.ListenOverflows, (LabelNames.ServerPort, series.Labels[LabelNames.ServerPort])))?.Labels[LabelNames.ServerPort];
        if (string.IsNullOrEmpty(port))
        {
            return null;
        }

        var onPort = (LabelNames.ServerPort, port);
        var limit = readings.Last(TcpSocketMetrics.ListenQueueLimit, onPort);
        return new ListenQueue(
            $"{owner}, port {port}",
            port,
            readings.Increase(TcpSocketMetrics.ListenOverflows, onPort),
            limit,
            readings.Mean(TcpSocketMetrics.ListenQueue, onPort) / (limit > 0 ? limit : null),
            readings.Sysctl("net.core.somaxconn"),
            readings.Increase(TcpSocketMetrics.Listens, onPort));
    }

    /// <summary>What a listener throws away is not lost on the way, and to send it again sooner only adds to it.</summary>
    internal static Evidence? IsNotFull(SubjectEvidence evidence) => Of(evidence) is { Overflows: { } overflows } queue
        ? new Evidence($"connections that found the queue of {queue.Where} full", Text.Count(overflows), "less than 3", overflows < 3)
        : null;
}
