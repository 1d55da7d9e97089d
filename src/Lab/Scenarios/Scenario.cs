using NetPulse.Lab.Forwarding;
using NetPulse.Lab.Load;
using NetPulse.Lab.Topology;

namespace NetPulse.Lab.Scenarios;

/// <summary>Trouble on demand: what is built, what goes wrong and what heals it.</summary>
public sealed record Scenario
{
    /// <summary>As a user types it: <c>receive-window</c>.</summary>
    public required string Name { get; init; }

    /// <summary>What is wrong, in a sentence.</summary>
    public required string Problem { get; init; }

    public required IReadOnlyList<PodDescription> Pods { get; init; }

    /// <summary>Each has a path of its own, so that one is an untouched control for the other.</summary>
    public required IReadOnlyList<PairDescription> Pairs { get; init; }

    /// <summary>The round-trip time of every path once there is trouble.</summary>
    public required TimeSpan TroubledRoundTripTime { get; init; }

    /// <summary>How fast the receiving applications read once there is trouble; <see langword="null"/>: as fast as they can.</summary>
    public long? TroubledReadBitsPerSecond { get; init; }

    /// <summary>What would be done about it, to the first pair only; where it does not help, the scenario says so in <see cref="Problem"/>.</summary>
    public required SysctlChange Healing { get; init; }
}

/// <summary>A sender, a receiver, the path between them and what they carry over it.</summary>
/// <param name="From">The sending pod's name.</param>
/// <param name="To">The receiving pod's name.</param>
public sealed record PairDescription(string From, string To, LinkSettings Path, TransferSettings Transfer);

/// <summary>One sysctl of one pod.</summary>
public sealed record SysctlChange(string Pod, string Name, string Value);
