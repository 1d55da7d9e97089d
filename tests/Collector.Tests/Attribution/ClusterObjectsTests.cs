using System.Diagnostics.Metrics;
using System.Net;
using System.Text.Json.Nodes;
using NetPulse.ApiServer;
using NetPulse.Collector.Attribution;
using NetPulse.Collector.Kernel;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Watching;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Tests;

namespace NetPulse.Collector.Tests.Attribution;

/// <summary>From an API server to names.</summary>
#pragma warning disable CA1001 // disposed in DisposeAsync, which xunit calls
public sealed class ClusterObjectsTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private static readonly StreamTiming Quick = new()
    {
        WatchFor = TimeSpan.FromSeconds(30),
        FirstBackoff = TimeSpan.FromMilliseconds(20),
        LongestBackoff = TimeSpan.FromMilliseconds(100),
    };

    private readonly LogLines log = new();
    private readonly Meter meter = new("NetPulse.Collector.Tests");
    private readonly List<IDisposable> made = [];
    private TestApiServer server = null!;

    public async Task InitializeAsync()
    {
        server = await TestApiServer.StartAsync();
        AddNode("node-1", "198.51.100.1");
        AddNode("node-2", "198.51.100.2");
        AddPod("web-0", "node-1", "10.244.1.5");
        AddPod("db-0", "node-2", "10.244.2.7");
        server.Add("v1", "services", new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "web", ["namespace"] = "shop" },
            ["spec"] = new JsonObject { ["clusterIP"] = "10.96.0.10", ["clusterIPs"] = new JsonArray("10.96.0.10"), ["ports"] = new JsonArray(new JsonObject { ["port"] = 80 }) },
        });
    }

    public async Task DisposeAsync()
    {
        foreach (var each in Enumerable.Reverse(made))
        {
            each.Dispose();
        }

        meter.Dispose();
        await server.DisposeAsync();
    }

    [KernelFact]
    public async Task Pods_services_and_nodes_are_named_as_they_come_change_and_go()
    {
        using var thread = new NetworkNamespaceThread();
        var objects = await StartAsync();
        var clock = new TestClock();
        var observer = new NodeObserver(thread, objects, clock);
        Wait.Until(() => Named(observer, clock, "10.244.1.5") == "shop/web-0");
        Wait.Until(() => Named(observer, clock, "10.244.2.7") == "shop/db-0");
        Wait.Until(() => Named(observer, clock, "10.96.0.10") == "shop/web");
        Wait.Until(() => Named(observer, clock, "198.51.100.2") == "node-2");
        Assert.Equal("web-0", Assert.Single(observer.Current.Owners.Pods).Pod);

        AddPod("web-1", "node-1", "10.244.1.6");
        Wait.Until(() => Named(observer, clock, "10.244.1.6") == "shop/web-1");
        server.Remove("v1", "pods", "web-1", "shop");
        AddPod("cache-0", "node-2", "10.244.1.6");
        Wait.Until(() => Named(observer, clock, "10.244.1.6") == "shop/cache-0");
        Assert.Empty(log.Lines);
    }

    [Fact]
    public async Task A_change_that_is_none_for_us_is_none()
    {
        var objects = await StartAsync();
        Settle(objects);
        var web = AddPod("web-0", "node-1", "10.244.1.5", annotation: "another");
        AddPod("web-9", "node-1", "10.244.1.9");
        Wait.Until(objects.Refresh);
        Assert.Equal("another", web["metadata"]!["annotations"]!["note"]!.GetValue<string>());
        Assert.Equal(3, objects.Pods.Count);
        Assert.False(objects.Refresh());
    }

    [Fact]
    public async Task Without_peer_pods_only_those_of_this_node_are_asked_for()
    {
        var objects = await StartAsync(peerPods: false);
        Settle(objects, pods: 1);
        Assert.Equal("web-0", Assert.Single(objects.Pods).Named.Owner.Pod);
        Assert.All(server.Seen.Where(each => each.Target.Contains("/pods", StringComparison.Ordinal)), each => Assert.Contains("spec.nodeName%3Dnode-1", each.Target, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_that_is_away_at_the_start_is_named_once_and_awaited()
    {
        await server.StopAsync();
        var objects = await StartAsync();
        Wait.Until(() => LinesWith("pods cannot be listed").Length > 0);
        Assert.False(objects.Refresh());
        await server.ListenAsync();
        Settle(objects);
        Assert.Single(LinesWith("pods cannot be listed"));
        Wait.Until(() => LinesWith("tells of pods again").Length == 1);
    }

    [Fact]
    public async Task While_the_server_is_away_what_was_known_last_stays_and_ages()
    {
        var objects = await StartAsync();
        Settle(objects);
        await server.StopAsync();
        Wait.Until(() => LinesWith("tried again").Length > 0);
        var age = objects.Age;
        Wait.Until(() => objects.Age > age + TimeSpan.FromMilliseconds(300));
        objects.Refresh();
        Assert.Equal(2, objects.Pods.Count);

        AddPod("web-1", "node-1", "10.244.1.6");
        server.Remove("v1", "pods", "db-0", "shop");
        await server.RestartAsync();
        Wait.Until(() => objects.Refresh() && objects.Pods.Count == 2 && objects.Pods.Any(pod => pod.Named.Owner.Pod == "web-1"));
    }

    [Fact]
    public async Task A_role_that_is_missing_is_named_with_verb_and_resource_and_the_others_go_on()
    {
        server.Deny("list", "services");
        var objects = await StartAsync();
        Wait.Until(() =>
        {
            objects.Refresh();
            return objects.Pods.Count == 2 && objects.Nodes.Count == 2 && LinesWith("services").Length > 0;
        });
        Assert.Contains("the verb list on services", Assert.Single(LinesWith("services cannot be listed")), StringComparison.Ordinal);
        server.Allow("list", "services");
        Settle(objects);
    }

    [Theory]
    [InlineData("list", "pods")]
    [InlineData("watch", "pods")]
    [InlineData("list", "services")]
    [InlineData("watch", "services")]
    [InlineData("list", "nodes")]
    [InlineData("watch", "nodes")]
    public async Task A_role_that_is_taken_away_is_named_once_and_what_was_known_stays(string verb, string resource)
    {
        var objects = await StartAsync();
        Settle(objects);
        server.Deny(verb, resource);
        server.Forget();
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (LinesWith($"the verb {verb} on {resource} ").Length == 0)
        {
            // A watch that had begun before the role went goes on; a real server ends it some minutes later.
            await server.EndWatchesAsync(resource);
            await Task.Delay(20, deadline.Token);
        }

        var asked = Asked();
        Wait.Until(() => Asked() > asked + 1);
        Assert.Single(LinesWith($"the verb {verb} on {resource} "));
        Settle(objects);

        server.Allow(verb, resource);
        AddPod("web-1", "node-1", "10.244.1.6");
        Wait.Until(() =>
        {
            objects.Refresh();
            return objects.Pods.Count == 3 && LinesWith($"tells of {resource} again").Length == 1;
        });

        int Asked() => server.Seen.Count(request => request.Target.Contains($"/{resource}?", StringComparison.Ordinal) && request.Target.Contains("watch=1", StringComparison.Ordinal) == (verb == "watch"));
    }

    [Fact]
    public async Task A_node_that_the_cluster_does_not_have_is_named_with_the_setting()
    {
        var objects = await StartAsync(node: "laptop");
        Settle(objects);
        Assert.DoesNotContain(objects.Pods, pod => pod.IsHere);
        Assert.Contains("node.name", Assert.Single(LinesWith("laptop")), StringComparison.Ordinal);
    }

    private static string Named(NodeObserver observer, TestClock clock, string address)
    {
        clock.Advance(TimeSpan.FromSeconds(3));
        observer.Refresh();
        return $"{observer.Current.Peers.Of(MappedAddress.From(IPAddress.Parse(address)))}";
    }

    private static void Settle(ClusterObjects objects, int pods = 2) => Wait.Until(() =>
    {
        objects.Refresh();
        return objects.Pods.Count == pods && objects.Services.Count == 1 && objects.Nodes.Count == 2;
    });

    private async Task<ClusterObjects> StartAsync(string node = "node-1", bool peerPods = true)
    {
        var client = new KubernetesClient(server.Configuration(), TimeProvider.System, log.For<KubernetesClient>());
        var objects = new ClusterObjects(client, node, peerPods, TimeProvider.System, meter, log.For<ClusterObjects>(), Quick);
        made.AddRange([client, objects]);
        await objects.StartAsync(CancellationToken.None);
        return objects;
    }

    private string[] LinesWith(string part)
    {
        lock (log.Lines)
        {
            return [.. log.Lines.Where(line => line.Contains(part, StringComparison.Ordinal))];
        }
    }

    private void AddNode(string name, string address) => server.Add("v1", "nodes", new JsonObject
    {
        ["metadata"] = new JsonObject { ["name"] = name },
        ["status"] = new JsonObject { ["addresses"] = new JsonArray(new JsonObject { ["type"] = "InternalIP", ["address"] = address }) },
    });

    private JsonObject AddPod(string name, string node, string address, string annotation = "") => server.Add("v1", "pods", new JsonObject
    {
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "shop", ["annotations"] = new JsonObject { ["note"] = annotation } },
        ["spec"] = new JsonObject { ["nodeName"] = node },
        ["status"] = new JsonObject { ["phase"] = "Running", ["podIP"] = address },
    });
}
