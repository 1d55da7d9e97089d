using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using NetPulse.ApiServer;
using NetPulse.Tests;
using Xunit.Abstractions;

namespace NetPulse.EndToEnd;

/// <summary>Two optimizers in one cluster: one leads, and only that one writes.</summary>
public sealed class ReplicasTests(ITestOutputHelper output) : IAsyncLifetime, IAsyncDisposable
{
    private const string Recommendations = "networkrecommendations";
    private const string Api = "netpulse.io/v1alpha1";

    /// <summary>Fifteen seconds by the settings (10 s of lease, then a look every 2 s); a machine that does much else needs longer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    private readonly CancellationTokenSource deadline = new(TimeSpan.FromMinutes(3));
    private readonly string directory = Directory.CreateTempSubdirectory("nptest-").FullName;
    private readonly List<(string User, ServiceUnderTest Service)> running = [];
    private TestApiServer server = null!;

    public async Task InitializeAsync()
    {
        server = await TestApiServer.StartAsync();
        server.DefineOurs();
        foreach (var user in new[] { "first", "second", "reader" })
        {
            server.Tokens[$"token-of-{user}"] = user;
        }

        server.Add("v1", "namespaces", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "netpulse" } });
        server.Add("v1", "nodes", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "node-1" } });
        server.Add(Api, "optimizationpolicies", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "default" }, ["spec"] = new JsonObject { ["mode"] = "Propose" } });
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        running.ForEach(static each => each.Service.Dispose());
        await server.DisposeAsync();
        Directory.Delete(directory, recursive: true);
        deadline.Dispose();
    }

    [Fact]
    public async Task One_leads_the_other_follows_and_who_was_deposed_writes_nothing()
    {
        var (first, second) = (Start("first"), Start("second"));
        await Task.WhenAll(ReadyAsync(first), ReadyAsync(second));
        var leader = await LeaderAsync(otherThan: "");
        var (leading, following, follower) = leader == "first" ? (first, second, "second") : (second, first, "first");

        // The work that only a leader does: what nobody decided expires.
        await ExpiresAsync("before", leader);
        await leading.UntilAsync(() => Task.FromResult(server.Find(Api, "optimizationpolicies", "default")?["status"]?["conditions"]?[0]?["status"]?.ToString() == "True"));
        await leading.UntilAsync(() => Task.FromResult(server.Seen.Any(static request => request.Target.Contains("/events", StringComparison.Ordinal) && request.Method == "POST")));
        Assert.Empty(WritesOf(follower));

        // The follower is asked as well as the leader; nobody is answered without a token.
        Assert.Equal(HttpStatusCode.Unauthorized, (await following.Http.GetAsync("/api/v1/status", deadline.Token)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(following, "/api/v1/status")).StatusCode);

        // To decide, and to write samples, are roles of their own.
        AddRecommendation("to be approved", "2100-01-01T00:00:00Z");
        server.Deny("approve", Recommendations);
        server.Deny("create", "optimizers/samples");
        const string Approval = "/api/v1/recommendations/shop/to-be-approved/approval?decision=Approved";
        Assert.Equal(HttpStatusCode.Forbidden, (await AskAsync(leading, Approval, HttpMethod.Post)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await AskAsync(leading, "/api/v1/write", HttpMethod.Post)).StatusCode);
        server.Allow("approve", Recommendations);
        await leading.UntilAsync(async () => (await AskAsync(leading, Approval, HttpMethod.Post)).StatusCode == HttpStatusCode.NoContent);
        Assert.Equal("Approved", server.Find(Api, Recommendations, "to-be-approved", "shop")!["spec"]!["approval"]!.ToString());

        // Held, as a machine that hangs: another leads, and who wakes up has nothing to say.
        leading.Signal("STOP");
        var held = Stopwatch.GetTimestamp();
        Assert.Equal(follower, await LeaderAsync(otherThan: leader));
        Assert.InRange(Stopwatch.GetElapsedTime(held), TimeSpan.Zero, Patience);
        var writesBefore = WritesOf(leader).Count;
        leading.Signal("CONT");
        await ExpiresAsync("meanwhile", follower);
        await leading.UntilAsync(() => Task.FromResult(leading.Output.Contains("leads no longer", StringComparison.Ordinal)));
        await ExpiresAsync("after", follower);
        Assert.Equal(writesBefore, WritesOf(leader).Count);

        // Told to stop: the lease is free, and the other leads with its next look.
        following.Signal("TERM");
        var told = Stopwatch.GetTimestamp();
        Assert.Equal(leader, await LeaderAsync(otherThan: follower));
        output.WriteLine($"after SIGTERM another leads within {Stopwatch.GetElapsedTime(told).TotalSeconds:0.0} s");
        Assert.Equal(0, await following.EndsAsync());

        // Killed: another follows when the lease has expired.
        var third = Start("third");
        await ReadyAsync(third);
        leading.Signal("KILL");
        var killed = Stopwatch.GetTimestamp();
        Assert.Equal("third", await LeaderAsync(otherThan: leader));
        output.WriteLine($"after SIGKILL another leads within {Stopwatch.GetElapsedTime(killed).TotalSeconds:0.0} s");
        Assert.InRange(Stopwatch.GetElapsedTime(killed), TimeSpan.Zero, Patience);
        await ExpiresAsync("at last", "third");
        third.Signal("TERM");
        Assert.Equal(0, await third.EndsAsync());
        Assert.Equal("", Lease()?["spec"]?["holderIdentity"]?.ToString() ?? "");

        // With the roles that we install it could have done all of that.
        Assert.Empty(new GrantedRules("base/optimizer.yaml").Lacking(server.Seen.Where(static request => User(request) is "first" or "second" or "third")));
    }

    [KernelFact]
    public async Task A_Tuner_tells_the_cluster_what_it_accepts_and_puts_nothing_anywhere_unasked()
    {
        var own = Path.Combine(directory, "second");
        using var tuner = ServiceUnderTest.Start(
            "Tuner", "netpulse-tuner", new Dictionary<string, string>(StringComparer.Ordinal) { ["KUBECONFIG"] = Kubeconfig("second") },
            "run", "--tuner:source=Cluster", "--tuner:node=node-1", $"--tuner:stateDirectory={Path.Combine(own, "state")}");
        while (server.Find(Api, "nodetunings", "node-1")?["status"]?["knobs"] is not JsonArray { Count: > 0 })
        {
            await Task.Delay(100, deadline.Token);
        }

        var tuning = server.Find(Api, "nodetunings", "node-1")!;
        Assert.Null(tuning["status"]!["settings"]);
        Assert.Equal("True", tuning["status"]!["conditions"]![0]!["status"]!.ToString());
        Assert.Empty(new GrantedRules("tuner/tuner.yaml").Lacking(server.Seen));
        tuner.Signal("TERM");
        Assert.Equal(0, await tuner.EndsAsync());
    }

    private static string User(SeenRequest request) => request.Headers.GetValueOrDefault("Authorization", "").Replace("Bearer token-of-", "", StringComparison.Ordinal);

    private async Task<HttpResponseMessage> AskAsync(ServiceUnderTest service, string path, HttpMethod? method = null)
    {
        using var asked = new HttpRequestMessage(method ?? HttpMethod.Get, path);
        asked.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "token-of-reader");
        return await service.Http.SendAsync(asked, deadline.Token);
    }

    private static Task ReadyAsync(ServiceUnderTest service) => service.UntilAsync(async () => (await service.Http.GetAsync("/readyz")).IsSuccessStatusCode);

    private ServiceUnderTest Start(string user)
    {
        var service = ServiceUnderTest.StartOptimizer(
            Path.Combine(directory, user), ServiceUnderTest.FreePort(), new Dictionary<string, string>(StringComparer.Ordinal) { ["KUBECONFIG"] = Kubeconfig(user) },
            "--cluster:source=Cluster", "--schedule:cron=0/2 * * * * ?");
        running.Add((user, service));
        return service;
    }

    private string Kubeconfig(string user) => TestKubeconfig.Write(Path.Combine(directory, user), user, server);

    /// <summary>All but the lease's and the reviews', which change nothing of anybody else's.</summary>
    private List<SeenRequest> WritesOf(string user) =>
    [
        .. server.Seen.Where(request => User(request) == user && request.Method != "GET"
            && !request.Target.Contains("/leases", StringComparison.Ordinal) && !request.Target.EndsWith("reviews", StringComparison.Ordinal)),
    ];

    private JsonObject? Lease() => server.Find("coordination.k8s.io/v1", "leases", "netpulse-optimizer", "netpulse");

    /// <summary>Who holds the lease, once it is another than the one given.</summary>
    private async Task<string> LeaderAsync(string otherThan)
    {
        while (true)
        {
            if (Lease()?["spec"]?["holderIdentity"]?.ToString() is { Length: > 0 } holder
                && running.FirstOrDefault(each => each.Service.Output.Contains($"{holder} leads now", StringComparison.Ordinal)).User is { } user && user != otherThan)
            {
                return user;
            }

            await Task.Delay(50, deadline.Token);
        }
    }

    private void AddExpired(string name) => AddRecommendation(name, "2026-01-01T00:00:00Z");

    private void AddRecommendation(string name, string expiresAt) => server.Add(Api, Recommendations, new JsonObject
    {
        ["metadata"] = new JsonObject { ["name"] = name.Replace(' ', '-'), ["namespace"] = "shop" },
        ["spec"] = new JsonObject
        {
            ["source"] = new JsonObject { ["kind"] = "User", ["fingerprint"] = name },
            ["target"] = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Node", ["name"] = "node-1" },
            ["change"] = new JsonObject { ["sysctls"] = new JsonArray(new JsonObject { ["name"] = "net.core.somaxconn", ["after"] = "8192" }) },
            ["expiresAt"] = expiresAt,
        },
    });

    private async Task ExpiresAsync(string name, string by)
    {
        AddExpired(name);
        await PhaseAsync(name, "Expired");
        Assert.Equal(by, User(server.Seen.Last(request => request.Method == "PATCH" && request.Target.Contains($"/{name.Replace(' ', '-')}/status", StringComparison.Ordinal))));
    }

    private async Task PhaseAsync(string name, string phase)
    {
        while (server.Find(Api, Recommendations, name.Replace(' ', '-'), "shop")?["status"]?["phase"]?.ToString() != phase)
        {
            await Task.Delay(100, deadline.Token);
        }
    }
}
