using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.ApiServer;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Cluster;

namespace NetPulse.Optimizer.Tests.Deployment;

/// <summary>Every rule of every role that we install, taken away: the API server's refusal says which verb on which resource is missing.</summary>
public sealed class RoleTests
{
    private static readonly ObjectMeta Some = new() { Name = "some", Namespace = "shop" };

    public static TheoryData<string, string, string> Rules
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            foreach (var (role, verb, resource) in
                from each in DeployFolder.RenderedChart(DeployFolder.Values("tuner-on"))
                where each["kind"]!.ToString() is "Role" or "ClusterRole"
                let name = each["metadata"]!["name"]!.ToString()
                where name is "netpulse-collector" or "netpulse-optimizer" or "netpulse-tuner" or "netpulse-uninstall"
                from rule in each["rules"]!.AsArray().OfType<JsonObject>()
                from what in rule["resources"]!.AsArray().Select(static value => $"{value}")
                from how in rule["verbs"]!.AsArray().Select(static value => $"{value}")
                where !IsAskedElsewhere(what)
                select (name, how, what))
            {
                data.Add(role, verb, resource);
            }

            return data;
        }
    }

    /// <summary>Those of the collector and of the Tuner: each service names its own in EndToEnd.</summary>
    [Fact]
    public void What_the_optimizer_says_that_it_needs_is_what_its_roles_grant() => Assert.Equal(
        from role in DeployFolder.RenderedChart(DeployFolder.Values()).Where(static each => each["kind"]!.ToString() is "Role" or "ClusterRole" && each["metadata"]!["name"]!.ToString() == "netpulse-optimizer")
        from rule in role["rules"]!.AsArray().OfType<JsonObject>()
        from verb in rule["verbs"]!.AsArray()
        from @group in rule["apiGroups"]!.AsArray()
        from resource in rule["resources"]!.AsArray()
        orderby $"{@group} {resource} {verb}"
        select new NeededRule($"{verb}", $"{@group}", $"{resource}", $"{rule["resourceNames"]?[0]}"),
        OptimizerRules.All("netpulse-optimizer", reviews: true).OrderBy(static rule => $"{rule.Group} {rule.Resource} {rule.Verb}"));

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task A_rule_that_is_missing_is_named_by_its_verb_and_resource(string role, string verb, string resource)
    {
        await using var server = await TestApiServer.StartAsync();
        server.DefineOurs();
        server.Tokens["its-token"] = $"system:serviceaccount:netpulse:{role}";
        server.Deny(verb, resource);
        using var client = new KubernetesClient(server.Configuration() with { Credentials = new ClusterCredentials { Token = "its-token" } }, TimeProvider.System, NullLogger<KubernetesClient>.Instance);
        var refused = await Assert.ThrowsAsync<KubernetesException>(() => AskAsync(client, verb, resource));
        var forbidden = Assert.IsType<ApiFault.Forbidden>(refused.Fault);
        Assert.Equal((verb, resource), (forbidden.Verb, forbidden.Resource));
        Assert.Contains($"the verb {verb} on {resource} ", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>The kubelet's, and those of our own ports, which TokenReview and SubjectAccessReview decide.</summary>
    private static bool IsAskedElsewhere(string resource) => resource is "nodes/stats" or "nodes/metrics" || resource.StartsWith("optimizers/", StringComparison.Ordinal);

    private static Task AskAsync(KubernetesClient client, string verb, string resource) => (resource.Split('/')[0], verb) switch
    {
        ("tokenreviews", _) => client.ReviewAsync(new TokenReview { Spec = new TokenReviewSpec { Token = "somebodys" } }),
        ("subjectaccessreviews", _) => client.ReviewAsync(new SubjectAccessReview { Spec = new SubjectAccessReviewSpec { User = "somebody" } }),
        ("leases", "create") => client.CreateAsync(new Lease { Metadata = Some, Spec = new LeaseSpec() }),
        ("leases", "update") => client.ReplaceAsync(new Lease { Metadata = Some with { ResourceVersion = "1" }, Spec = new LeaseSpec() }),
        ("networkrecommendations", "create") => client.CreateAsync(new NetworkRecommendation { Metadata = Some }),
        ("nodetunings", "create") => client.CreateAsync(new NodeTuning { Metadata = new ObjectMeta { Name = "node-1" } }),
        ("events", "create") => client.CreateAsync(new Event { Metadata = Some }),
        ("pods", _) => AskAsync<Pod>(client, verb, resource),
        ("services", _) => AskAsync<Service>(client, verb, resource),
        ("namespaces", _) => AskAsync<Namespace>(client, verb, resource),
        ("nodes", _) => AskAsync<Node>(client, verb, resource),
        ("networkpolicies", _) => AskAsync<NetworkPolicy>(client, verb, resource),
        ("optimizationpolicies", _) => AskAsync<OptimizationPolicy>(client, verb, resource),
        ("networkrecommendations", _) => AskAsync<NetworkRecommendation>(client, verb, resource),
        ("nodetunings", _) => AskAsync<NodeTuning>(client, verb, resource),
        ("events", _) => AskAsync<Event>(client, verb, resource),
        ("leases", _) => AskAsync<Lease>(client, verb, resource),
        _ => throw new NotSupportedException($"{verb} {resource}: say here how it is asked for"),
    };

    private static async Task AskAsync<T>(KubernetesClient client, string verb, string resource)
        where T : class, IResource<T>
    {
        var patch = new ObjectPatch.Merge(new JsonObject());
        switch (verb)
        {
            case "get":
                await client.ReadAsync<T>(Some.Name, Some.Namespace);
                break;
            case "list":
                await client.ListAsync<T>(ResourceQuery.All);
                break;
            case "watch":
                await foreach (var _ in client.WatchAsync<T>(ResourceQuery.All, "1", TimeSpan.FromMinutes(1), new WatchPatience(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1))))
                {
                    Assert.Fail("it was watched");
                }

                break;
            case "patch" when resource.EndsWith("/status", StringComparison.Ordinal):
                await client.PatchStatusAsync<T>(Some.Name, Some.Namespace, patch);
                break;
            case "patch":
                await client.PatchAsync<T>(Some.Name, Some.Namespace, patch);
                break;
            case "delete":
                await client.DeleteAsync<T>(Some.Name, Some.Namespace);
                break;
            default:
                throw new NotSupportedException($"{verb} {resource}: say here how it is asked for");
        }
    }
}
