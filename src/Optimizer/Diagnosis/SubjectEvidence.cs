using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Series;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>What was measured at a subject since its trouble began, and what was measured around it.</summary>
public sealed record SubjectEvidence
{
    public required Subject Subject { get; init; }

    /// <summary>What was looked at.</summary>
    public required TimeRange Range { get; init; }

    /// <summary>Begin of the trouble.</summary>
    public required DateTimeOffset Onset { get; init; }

    /// <summary>Of an edge; <see langword="null"/> for other subjects.</summary>
    public ConnectionEvidence? Connections { get; init; }

    /// <summary>The subject's own network namespace: of an edge, the sender's.</summary>
    public Readings Own { get; init; } = Readings.None;

    /// <summary>Of an edge, the receiver's network namespace.</summary>
    public Readings Peer { get; init; } = Readings.None;

    /// <summary>Of an edge, the same as <see cref="Node"/> where the receiver is; none where that is not known.</summary>
    public Readings PeerNode { get; init; } = Readings.None;

    /// <summary>The node's own network namespace, and what all namespaces share.</summary>
    public Readings Node { get; init; } = Readings.None;
}
