using NetPulse.Optimizer.Policies.Addresses;

namespace NetPulse.Optimizer.Policies.Flows;

public enum FlowVerdict
{
    Forwarded,

    /// <summary>A policy or the kernel dropped it.</summary>
    Dropped,
}

/// <summary>One end of a flow as it was observed.</summary>
/// <param name="Pod">As <c>namespace/name</c>; empty when the observer did not know one.</param>
/// <param name="Address">Null when only the pod is known.</param>
public readonly record struct FlowEnd(string Pod, IpValue? Address)
{
    /// <summary>Where neither pod nor address is known: what the observer calls those among whom it is, as <c>public</c>. No rule can name it.</summary>
    public string? Name { get; init; }

    public bool IsUnnamed => Pod.Length == 0 && Address is null;

    public static FlowEnd Unnamed(string name) => new("", null) { Name = name };

    public override string ToString() => Pod.Length > 0 ? Pod : Address?.ToString() ?? Name ?? "?";
}

/// <summary>Connections or datagrams of one kind between two ends over a window.</summary>
/// <param name="Protocol">As Kubernetes writes it; also what policies cannot express, as <c>ICMP</c>.</param>
/// <param name="SourcePort">0 when it is not known.</param>
/// <param name="DestinationPort">0 when the protocol has none.</param>
/// <param name="Count">Connections, or datagrams of a protocol without them.</param>
public sealed record ObservedFlow(
    string Protocol,
    FlowEnd Source,
    FlowEnd Destination,
    int SourcePort,
    int DestinationPort,
    long Count,
    DateTimeOffset FirstSeen,
    DateTimeOffset LastSeen,
    FlowVerdict Verdict)
{
    /// <summary>Datagrams that were sent and of which none came back: dropped on the way, or a service that never answers, as a log collector.</summary>
    public bool IsUnanswered { get; init; }

    public override string ToString() => $"{Source} -> {Destination} {DestinationPort}/{Protocol}";
}
