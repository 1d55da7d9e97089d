using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Options;
using NetPulse.Benchmarks.Fleet;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Cluster;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Detection.Alerts;
using NetPulse.Optimizer.Detection.Incidents;
using NetPulse.Optimizer.Detection.Preparation;

// What one run of detection costs for a whole fleet: netpulse-bench-fleet [NODES] [SERIES PER NODE]. An edge is twelve series, of which a run reads two.
var nodes = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 5000;
var seriesPerNode = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 500;
var edgesPerNode = seriesPerNode / 12;
var started = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
var store = new FleetStore(nodes, edgesPerNode, started);
var options = Options.Create(new DetectionOptions());
var (edges, announcements, alerts, incidents) = (new EdgeWatch(store, options), new Announcements(options), new AlertBook(), new IncidentSearch(options));
#pragma warning disable S1215 // what is held is what is measured
var labels = GC.GetTotalMemory(forceFullCollection: true);
Console.WriteLine($"{nodes} nodes, {seriesPerNode} series each: {nodes * edgesPerNode} edges; their labels take {labels >> 20} MiB, which a real store has, too");
for (var run = 0; run < 4; run++)
{
    store.Now = started + TimeSpan.FromMinutes(20) + (run * TimeSpan.FromSeconds(30));
    var (before, from) = (Process.GetCurrentProcess().TotalProcessorTime, Stopwatch.GetTimestamp());
    var cluster = new ClusterSnapshot(
        store.Now, [], ImmutableDictionary<string, NodeTuning>.Empty, [], new OptimizationPolicy { Metadata = new ObjectMeta { Name = "default" } }, []);
    var traffic = await edges.ReadAsync(store.Now, CancellationToken.None);
    announcements.Observe(cluster, traffic.SelectMany(static edge => new[] { edge.Edge.Owner, edge.Edge.Peer }));
    var anomalies = edges.FindAnomalies(traffic, announcements, store.Now);
    var found = incidents.Find(alerts.Update(anomalies, store.Now), traffic);
    var process = Process.GetCurrentProcess();
    Console.WriteLine(
        $"run {run + 1}: {Stopwatch.GetElapsedTime(from).TotalSeconds:0.0} s, {(process.TotalProcessorTime - before).TotalSeconds:0.0} s of processor; {traffic.Length} edges, {anomalies.Length} anomalies, {found.Length} incidents; "
        + $"{process.WorkingSet64 >> 20} MiB resident, {process.PeakWorkingSet64 >> 20} MiB at most");
}

Console.WriteLine($"learned and kept between two runs: {(GC.GetTotalMemory(forceFullCollection: true) - labels) >> 20} MiB");
