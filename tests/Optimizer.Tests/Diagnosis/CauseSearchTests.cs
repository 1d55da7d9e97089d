using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Detection.Detectors;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Embedded;
using NetPulse.Telemetry.Workloads;
using NetPulse.Tests;

namespace NetPulse.Optimizer.Tests.Diagnosis;

public sealed class CauseSearchTests : IDisposable
{
    private const string Elsewhere = "node-2";

    private readonly string folder = Directory.CreateTempSubdirectory("nptest-").FullName;
    private readonly EmbeddedStore store;

    public CauseSearchTests() => store = new EmbeddedStore(new EmbeddedStoreOptions { Directory = folder }, new TestClock(Examples.Now), NullLogger<EmbeddedStore>.Instance);

    public void Dispose()
    {
        store.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Of_an_edge_between_two_nodes_each_ends_own_node_is_looked_at()
    {
        var edge = Examples.Upload(0);
        await store.AppendAsync(
            [
                Sample(NamespaceMetrics.ZeroWindowWanted, 0, Elsewhere, edge.Peer),
                Sample(NodeMetrics.AvailableMemoryBytes, 1e9, Examples.Node, WorkloadIdentity.Host),
                Sample(NodeMetrics.AvailableMemoryBytes, 2e6, Elsewhere, WorkloadIdentity.Host),
            ],
            CancellationToken.None);
        var anomaly = new Anomaly(new Subject.OfEdge(edge), Signal.Throughput, new Departure(Deviation.Fall, Examples.Now - TimeSpan.FromSeconds(10), 6.3, new NormalRange(40, 50), 1));
        var finding = Assert.Single(await new CauseSearch(store, []).ExplainAsync([anomaly], [], static _ => null, Examples.Now, CancellationToken.None));
        Assert.Equal((1e9, 2e6), (finding.Measured.Node.Last(NodeMetrics.AvailableMemoryBytes), finding.Measured.PeerNode.Last(NodeMetrics.AvailableMemoryBytes)));
    }

    private static Sample Sample(MetricDefinition metric, double value, string node, WorkloadIdentity identity)
    {
        var labels = LabelSet.Of(
            metric.Name, (LabelNames.Node, node), (LabelNames.Namespace, identity.Namespace), (LabelNames.Workload, identity.Workload), (LabelNames.Pod, identity.Pod));
        return new Sample(labels, (Examples.Now - TimeSpan.FromSeconds(1)).ToUnixTimeMilliseconds(), value);
    }
}
