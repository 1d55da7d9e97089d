using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using NetPulse.Optimizer.Detection.Alerts;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Optimizer.Detection.Incidents;

/// <summary>Joins the alerts of edges into incidents and finds where each is concentrated.</summary>
public sealed class IncidentSearch(IOptions<DetectionOptions> options)
{
    private const int SignalsPerEdge = 2;

    private static readonly ImmutableArray<string> Dimensions =
        ["zone", "node", "namespace", "peer namespace", "workload", "peer workload", "port", "pod", "peer pod"];

    /// <param name="alerts">Lasting and remembered ones.</param>
    /// <param name="traffic">Every edge's.</param>
    /// <param name="others">Series beside those of the edges' traffic.</param>
    /// <returns>By onset.</returns>
    public ImmutableArray<Incident> Find(ImmutableArray<Alert> alerts, ImmutableArray<EdgeTraffic> traffic, int others = 0)
    {
        var homes = traffic.Where(edge => edge.Edge.Owner.Pod.Length > 0)
            .DistinctBy(edge => (edge.Edge.Owner.Namespace, edge.Edge.Owner.Pod))
            .ToDictionary(edge => (edge.Edge.Owner.Namespace, edge.Edge.Owner.Pod), edge => (edge.Edge.Node, Zone: Zone(edge)));
        var symptoms = alerts.Select(alert => new Symptom<Alert>(alert, alert.Onset, Places(alert.Anomaly.Subject)));
        return [.. IncidentJoin.Join(symptoms, (traffic.Length * SignalsPerEdge) + others, options.Value.FalseAlarmsPerDay).Select(joined => new Incident(joined, Root(joined, traffic)))];

        ImmutableArray<string> Places(Subject subject)
        {
            var places = ImmutableArray.CreateBuilder<string>();
            places.Add($"node {subject.Node}");
            Add(subject.Owner);
            if (subject is not Subject.OfEdge { Edge: var edge })
            {
                return places.DrainToImmutable();
            }

            Add(edge.Peer);
            places.Add($"pair {Sorted($"{edge.Owner.Namespace}/{edge.Owner.Workload}", $"{edge.Peer.Namespace}/{edge.Peer.Workload}")}");
            if (homes.TryGetValue((edge.Peer.Namespace, edge.Peer.Pod), out var peer))
            {
                places.Add($"path {Sorted(edge.Node, peer.Node)}");
                if (homes.TryGetValue((edge.Owner.Namespace, edge.Owner.Pod), out var own) && own.Zone != peer.Zone)
                {
                    places.Add($"zones {Sorted(own.Zone, peer.Zone)}");
                }
            }

            return places.DrainToImmutable();

            // Everybody talks to the Internet: what is no workload of the cluster is no common place.
            void Add(WorkloadIdentity identity)
            {
                if (identity.Namespace.Length > 0)
                {
                    places.Add($"workload {identity.Namespace}/{identity.Workload}");
                }
            }
        }
    }

    private static RootDimension? Root(ImmutableArray<Alert> alerts, ImmutableArray<EdgeTraffic> traffic)
    {
        var ofEdges = alerts.Where(alert => alert.Anomaly.Subject is Subject.OfEdge).ToList();
        if (ofEdges.Count == 0)
        {
            return null;
        }

        var signal = ofEdges.GroupBy(alert => alert.Anomaly.Signal).MaxBy(group => group.Count())!.Key;
        var changed = ofEdges.Where(alert => alert.Anomaly.Signal == signal).ToDictionary(alert => ((Subject.OfEdge)alert.Anomaly.Subject).Edge, alert => alert.Anomaly.Departure);
        var leaves = traffic.Select(edge =>
        {
            var latest = signal == Signal.Throughput ? edge.LatestThroughput.Value : edge.LatestRoundTripTime.TotalSeconds;
            return changed.TryGetValue(edge.Edge, out var departure)
                ? new Leaf(Labels(edge), (departure.Usual.Low + departure.Usual.High) / 2, departure.Now)
                : new Leaf(Labels(edge), latest, latest);
        }).ToArray();
        return RootSearch.Find(Dimensions, leaves);
    }

    private static string[] Labels(EdgeTraffic traffic)
    {
        var edge = traffic.Edge;
        return
        [
            Zone(traffic),
            edge.Node,
            edge.Owner.Namespace,
            edge.Peer.Namespace,
            $"{edge.Owner.Namespace}/{edge.Owner.Workload}",
            $"{edge.Peer.Namespace}/{edge.Peer.Workload}",
            edge.ServerPort,
            edge.Owner.ToString(),
            edge.Peer.ToString(),
        ];
    }

    private static string Zone(EdgeTraffic edge) => edge.Throughput.Labels[LabelNames.Zone];

    private static string Sorted(string a, string b) => string.CompareOrdinal(a, b) <= 0 ? $"{a} {b}" : $"{b} {a}";
}
