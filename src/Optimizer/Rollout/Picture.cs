using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Detection.Forecasts;
using NetPulse.Optimizer.Detection.Incidents;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Optimizer.Proposals;

namespace NetPulse.Optimizer.Rollout;

/// <summary>What the latest run saw, for the page and for the next run's journal.</summary>
public sealed record Picture(
    DateTimeOffset At,
    OptimizationPolicy? Policy,
    ImmutableArray<string> Problems,
    ImmutableArray<EdgeTraffic> Traffic,
    ImmutableArray<Incident> Incidents,
    ImmutableArray<CapacityForecast> Forecasts,
    ImmutableArray<Finding> Findings,
    ImmutableArray<SysctlProposal> Proposals)
{
    public static readonly Picture Empty = new(DateTimeOffset.MinValue, null, [], [], [], [], [], []);
}
