using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using NetPulse.ApiServer;

namespace NetPulse.EndToEnd;

/// <summary>Several optimizers with one schedule in a real PostgreSQL: two of one group of nodes, one of another.</summary>
public sealed class SharedScheduleTests : IAsyncLifetime, IAsyncDisposable
{
    private const string EverySecond = "* * * * * ?";
    private const string Never = "0 0 0 1 1 ? 2099";

    private readonly CancellationTokenSource deadline = new(TimeSpan.FromMinutes(4));
    private readonly string directory = Directory.CreateTempSubdirectory("nptest-").FullName;
    private readonly Dictionary<string, ServiceUnderTest> running = new(StringComparer.Ordinal);
    private TestApiServer server = null!;
    private PostgreSqlServer database = null!;

    public async Task InitializeAsync()
    {
        server = await TestApiServer.StartAsync();
        server.DefineOurs();
        server.Tokens["token-of-reader"] = "reader";
        server.Add("v1", "namespaces", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "netpulse" } });
        database = await PostgreSqlServer.StartAsync(deadline.Token);
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        foreach (var service in running.Values)
        {
            service.Dispose();
        }

        await database.DisposeAsync();
        await server.DisposeAsync();
        Directory.Delete(directory, recursive: true);
        deadline.Dispose();
    }

    [Fact]
    public async Task Each_run_is_done_once_by_the_leader_of_its_group_and_by_another_when_that_is_killed()
    {
        Start("a-first", "zone-a", EverySecond);
        Start("a-second", "zone-a", EverySecond);
        var alone = Start("b-only", "zone-b", Never);
        await Task.WhenAll(running.Values.Select(static each => each.AnswersAsync()));
        var leader = await LeaderAsync("zone-a", otherThan: "");
        var follower = leader == "a-first" ? "a-second" : "a-first";

        // A tick is a run, and one of the two does it; the other says that it stands by.
        await RunsAsync(leader, atLeast: 3);
        Assert.Equal(0, await RunsAsync(follower, atLeast: 0));
        Assert.Contains("stands by", await TextAsync(follower, "/api/v1/status"), StringComparison.Ordinal);
        Assert.DoesNotContain("stands by", await TextAsync(leader, "/api/v1/status"), StringComparison.Ordinal);

        // A group's run is nobody else's, though all of them are in one schedule.
        Assert.Equal("b-only", await LeaderAsync("zone-b", otherThan: ""));
        Assert.Equal(0, await RunsAsync("b-only", atLeast: 0));
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync("b-only", "/api/v1/runs"));
        await RunsAsync("b-only", atLeast: 1);
        Assert.Equal(0, await RunsAsync(follower, atLeast: 0));

        // Whoever is asked for a run, the leader does it.
        var before = await RunsAsync(leader, atLeast: 0);
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(follower, "/api/v1/runs"));
        await RunsAsync(leader, atLeast: before + 1);
        Assert.Equal(0, await RunsAsync(follower, atLeast: 0));

        // Killed in the middle of its work: the other goes on with the schedule.
        running[leader].Signal("KILL");
        Assert.Equal(follower, await LeaderAsync("zone-a", otherThan: leader));
        await RunsAsync(follower, atLeast: 2);

        // The schedule ends in good order, and what is not shared was never touched.
        running[follower].Signal("TERM");
        Assert.Equal(0, await running[follower].EndsAsync());
        Assert.Equal(1, await RunsAsync("b-only", atLeast: 1));
        alone.Signal("TERM");
        Assert.Equal(0, await alone.EndsAsync());
    }

    [Fact]
    public async Task Without_a_Lease_to_fence_the_writes_it_is_refused()
    {
        using var service = ServiceUnderTest.StartOptimizer(
            Path.Combine(directory, "refused"), ServiceUnderTest.FreePort(),
            "--schedule:store=PostgreSql", $"--schedule:connection={database.Connection}");
        Assert.Equal(1, await service.EndsAsync());
        Assert.Contains("schedule.store: PostgreSql needs cluster.source: Cluster", service.Errors, StringComparison.Ordinal);
        using var nowhere = ServiceUnderTest.StartOptimizer(
            Path.Combine(directory, "nowhere"), ServiceUnderTest.FreePort(), new Dictionary<string, string>(StringComparer.Ordinal) { ["KUBECONFIG"] = TestKubeconfig.Write(directory, "nowhere", server) },
            "--cluster:source=Cluster", "--schedule:store=PostgreSql");
        Assert.Equal(78, await nowhere.EndsAsync());
        Assert.Contains("schedule.connection", nowhere.Errors, StringComparison.Ordinal);
    }

    private ServiceUnderTest Start(string name, string group, string cron)
    {
        var own = Path.Combine(directory, name);
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["KUBECONFIG"] = TestKubeconfig.Write(own, name, server),
            ["NETPULSE_Schedule__Connection"] = database.Connection,
        };
        return running[name] = ServiceUnderTest.StartOptimizer(
            own, ServiceUnderTest.FreePort(), environment,
            "--cluster:source=Cluster", $"--cluster:group={group}", $"--cluster:leaseName=netpulse-optimizer-{group}", "--schedule:store=PostgreSql", $"--schedule:cron={cron}");
    }

    private async Task<string> LeaderAsync(string group, string otherThan)
    {
        while (true)
        {
            var holder = server.Find("coordination.k8s.io/v1", "leases", $"netpulse-optimizer-{group}", "netpulse")?["spec"]?["holderIdentity"]?.ToString() ?? "";
            if (holder.Length > 0 && running.FirstOrDefault(each => each.Value.Output.Contains($"{holder} leads now", StringComparison.Ordinal)).Key is { } name && name != otherThan)
            {
                return name;
            }

            await Task.Delay(100, deadline.Token);
        }
    }

    /// <returns>How many runs it has done, once there are so many.</returns>
    private async Task<int> RunsAsync(string name, int atLeast)
    {
        while (true)
        {
            var runs = RunCount.Of(await TextAsync(name, "/metrics"));
            if (runs >= atLeast)
            {
                return runs;
            }

            await Task.Delay(200, deadline.Token);
        }
    }

    private async Task<string> TextAsync(string name, string path)
    {
        using var answer = await AskAsync(name, HttpMethod.Get, path);
        return await answer.Content.ReadAsStringAsync(deadline.Token);
    }

    private async Task<HttpStatusCode> PostAsync(string name, string path)
    {
        using var answer = await AskAsync(name, HttpMethod.Post, path);
        return answer.StatusCode;
    }

    private async Task<HttpResponseMessage> AskAsync(string name, HttpMethod method, string path)
    {
        using var asked = new HttpRequestMessage(method, path);
        asked.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "token-of-reader");
        return await running[name].Http.SendAsync(asked, deadline.Token);
    }
}
