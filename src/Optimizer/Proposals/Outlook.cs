using System.Collections.Immutable;
using NetPulse.Optimizer.Cluster;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Detection.Forecasts;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Proposals;

/// <summary>Proposes ahead of time what would heal a table or range once it was full: the same remedies, the same gates.</summary>
/// <remarks>There is no trouble yet that could get better: such a change is judged by whether the limit in force has grown, while nothing else gets worse.</remarks>
public sealed class Outlook(CauseSearch causes)
{
    private static readonly ImmutableDictionary<string, (Cause Cause, Func<Subject, Measure> Limit)> Known = new Dictionary<string, (Cause, Func<Subject, Measure>)>
    {
        [CapacityForecast.ConntrackTable] = (Cause.ConntrackFull, static subject => Measure.GaugeOf(subject.SelectAtOwner(NodeMetrics.ConntrackLimit))),
        [CapacityForecast.NeighbourTable] = (Cause.NeighbourTableFull, static subject => Sysctl(subject, "net.ipv4.neigh.default.gc_thresh3", "")),
        [CapacityForecast.LocalPorts] = (Cause.LocalPortsExhausted, static subject => Sysctl(subject, "net.ipv4.ip_local_port_range", "max")),
        [CapacityForecast.AcceptQueue] = (Cause.AcceptQueueOverflow, static subject => Sysctl(subject, "net.core.somaxconn", "")),
    }.ToImmutableDictionary(StringComparer.Ordinal);

    /// <param name="forecasts">What fills up first, first.</param>
    /// <param name="traffic">Every edge's.</param>
    /// <param name="cluster">Whose pods may be changed.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="Telemetry.Store.SampleStoreException">The store could not be read.</exception>
    public async Task<ImmutableArray<SysctlProposal>> AheadAsync(
        ImmutableArray<CapacityForecast> forecasts, ImmutableArray<EdgeTraffic> traffic, ClusterSnapshot cluster, CancellationToken cancellationToken)
    {
        var proposals = ImmutableArray.CreateBuilder<SysctlProposal>();
        foreach (var forecast in forecasts)
        {
            if (forecast.Whose is { } subject && Known.TryGetValue(forecast.Resource, out var known))
            {
                var evidence = await causes.LookAsync(subject, cluster.At, cancellationToken);
                var piece = new Evidence("entries", $"{forecast.Now:0}", $"on their way to {forecast.Limit:0}", true);
                var finding = new Finding(known.Cause, $"ahead of time: {forecast}", "", 1, [piece], evidence) { Strength = Strength.Error };
                proposals.AddRange(RemedySearch.For([finding], traffic, cluster).Select(proposal => proposal with
                {
                    Objective = new Objective($"limit of the {forecast.Resource}", "entries", subject, known.Limit(subject), Better.Higher, 1.1, 1, []),
                    Measured = forecast.Limit,
                    Expected = forecast.Limit * 2,
                }));
            }
        }

        return [.. proposals.DistinctBy(proposal => proposal.Key)];
    }

    private static Measure Sysctl(Subject subject, string name, string field) =>
        Measure.GaugeOf(subject.SelectAtOwner(NamespaceMetrics.Sysctl, (LabelNames.Sysctl, name), (LabelNames.Field, field)));
}
