using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.ApiServer;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Leases;
using NetPulse.Optimizer.Apply;
using NetPulse.Optimizer.Cluster;

namespace NetPulse.Optimizer.Tests.Apply;

/// <summary>A grant to many nodes.</summary>
public sealed class NodeTuningWriterTests : IAsyncLifetime, IAsyncDisposable
{
    private const int Nodes = 200;

    private readonly CancellationTokenSource deadline = new(TimeSpan.FromSeconds(60));
    private TestApiServer server = null!;
    private KubernetesClient client = null!;
    private ClusterObjects objects = null!;
    private NodeTuningWriter writer = null!;

    public async Task InitializeAsync()
    {
        server = await TestApiServer.StartAsync();
        server.DefineOurs();
        client = new KubernetesClient(server.Configuration(), TimeProvider.System, NullLogger<KubernetesClient>.Instance);
        objects = new ClusterObjects(client, "default", "", null, TimeProvider.System, NullLoggerFactory.Instance);
        writer = new NodeTuningWriter(objects, new RecommendationNames());
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        objects.Dispose();
        client.Dispose();
        await server.DisposeAsync();
        deadline.Dispose();
    }

    [Fact]
    public async Task Every_node_has_it_and_what_stands_is_not_written_again()
    {
        var change = Examples.Granted(Nodes);
        await writer.BeginAsync(change, deadline.Token);
        Assert.Equal(Nodes, server.All("netpulse.io/v1alpha1", "nodetunings").Count(static tuning => tuning["spec"]!["settings"]!.AsArray().Count == 1));
        Assert.Equal(Nodes, Writes());
        await writer.BeginAsync(change, deadline.Token);
        Assert.Equal(Nodes, Writes());
    }

    [Fact]
    public async Task A_server_that_lets_nobody_write_is_not_asked_for_each_node()
    {
        server.Deny("patch", "nodetunings");
        var refused = await Assert.ThrowsAsync<IOException>(() => writer.BeginAsync(Examples.Granted(Nodes), deadline.Token));
        Assert.Contains("the verb patch on nodetunings", refused.Message, StringComparison.Ordinal);
        Assert.InRange(Writes(), 2, Nodes - 1);
    }

    [Fact]
    public async Task Who_leads_no_longer_is_told_so_and_writes_nothing()
    {
        using var deposed = new ClusterObjects(client, "default", "", static () => null, TimeProvider.System, NullLoggerFactory.Instance);
        await Assert.ThrowsAsync<LeadershipLostException>(() => new NodeTuningWriter(deposed, new RecommendationNames()).BeginAsync(Examples.Granted(Nodes), deadline.Token));
        Assert.Equal(0, Writes());
    }

    private int Writes() => server.Seen.Count(static request => request.Method == "PATCH");
}
