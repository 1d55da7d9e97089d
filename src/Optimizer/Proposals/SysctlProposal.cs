using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Telemetry.Units;

namespace NetPulse.Optimizer.Proposals;

/// <summary>One change of one sysctl in one pod's network namespace, with its reason and what to expect of it.</summary>
/// <param name="Finding">The proven cause.</param>
/// <param name="Node">Where the pod runs.</param>
/// <param name="Pod">Whose network namespace.</param>
/// <param name="Sysctl">Dotted name.</param>
/// <param name="From">Value in force.</param>
/// <param name="To">Value proposed.</param>
/// <param name="Expected">Throughput to expect of the edge.</param>
/// <param name="MemoryCostBytes">What the change may pin at most: the growth of one buffer times the open connections.</param>
/// <param name="TakesEffect">For which connections, and when.</param>
/// <param name="Controls">Comparable edges that stay untouched while this one is judged; none when nothing comparable carries traffic.</param>
public sealed record SysctlProposal(
    Finding Finding,
    string Node,
    PodReference Pod,
    string Sysctl,
    string From,
    string To,
    BytesPerSecond Expected,
    long MemoryCostBytes,
    string TakesEffect,
    ImmutableArray<Edge> Controls)
{
    /// <summary>As a diff of the pod's sysctls.</summary>
    public string Diff => $"- {Sysctl} = {From}\n+ {Sysctl} = {To}";

    private string Usual => Finding.Measured.UsualThroughput is { } usual ? $" (usual: {new BytesPerSecond(usual.Low)} to {new BytesPerSecond(usual.High)})" : "";

    public override string ToString() =>
        $"set {Sysctl} in {Pod} from \"{From}\" to \"{To}\"; expected: {Finding.Measured.Throughput} → {Expected}{Usual}; costs at most {Text.Bytes(MemoryCostBytes)} of memory; takes effect for {TakesEffect}";
}
