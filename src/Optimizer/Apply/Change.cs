using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Telemetry.Units;

namespace NetPulse.Optimizer.Apply;

/// <summary>One change as it is journaled before it is made: all that is needed to judge it, keep it or undo it after we were killed.</summary>
/// <param name="Name">Also the setting's name in the NodeTuning object; a lower-case DNS name.</param>
/// <param name="Cause">Why.</param>
/// <param name="Node">Whose NodeTuning.</param>
/// <param name="Pod">Whose network namespace.</param>
/// <param name="Sysctl">Dotted name.</param>
/// <param name="Before">Value in force when it was planned.</param>
/// <param name="After">Value to be set.</param>
/// <param name="Edge">What it is to help.</param>
/// <param name="Controls">Comparable edges that stay untouched meanwhile.</param>
/// <param name="TroubleSince">Begin of the anomaly; measurements before it are not what the change is compared with.</param>
/// <param name="Expected">Throughput to expect.</param>
/// <param name="PlannedAt">When it was decided.</param>
/// <param name="JudgeAfter">How long it is measured.</param>
/// <param name="RevertAt">When the Tuner undoes it by itself, unless it was kept by then.</param>
public sealed record Change(
    string Name,
    Cause Cause,
    string Node,
    PodReference Pod,
    string Sysctl,
    string Before,
    string After,
    Edge Edge,
    ImmutableArray<Edge> Controls,
    DateTimeOffset TroubleSince,
    BytesPerSecond Expected,
    DateTimeOffset PlannedAt,
    TimeSpan JudgeAfter,
    DateTimeOffset RevertAt)
{
    public override string ToString() => $"{Sysctl} in {Pod}: {Before} → {After}";
}
