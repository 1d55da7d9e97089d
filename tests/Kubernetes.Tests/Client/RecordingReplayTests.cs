using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Watching;

namespace NetPulse.Kubernetes.Tests.Client;

/// <summary>Each recording is asked for again, and answered byte for byte: the client must understand all of them.</summary>
public sealed class RecordingReplayTests
{
    public static TheoryData<string> All => [.. Recording.Names()];

    public static TheoryData<string> Series => [.. Files("series", "*")];

    public static TheoryData<string> Manifests => [.. Files("netpol-yaml", "*.yaml")];

    public static TheoryData<string> Timings => [.. Files("", "*.times.json")];

    /// <summary>Every other file of the folder, so that none is in no test.</summary>
    public static TheoryData<string> Notes =>
        [.. Files("", "*").Except(Recording.Names().SelectMany(static name => Files(name.Split('/')[0], $"{name.Split('/')[1]}.*"))).Except(Files("series", "*")).Except(Files("netpol-yaml", "*.yaml")).Except(Files("", "*.times.json")).Where(static f => f != "INDEX.md")];

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_recorded_answer_is_understood(string name)
    {
        var recording = Recording.Read(name);
        await using var server = new RecordingServer(recording);
        using var client = TestClient.Of(server.Address);
        if (recording.Status >= 300)
        {
            await IsRefusedAsync(client, recording);
        }
        else if (recording.IsWatch)
        {
            await IsWatchedAsync(client, recording);
        }
        else if (recording.Method == "GET")
        {
            await IsReadAsync(client, recording);
        }
        else
        {
            IsWritten(recording);
        }
    }

    /// <summary>What a program needs of a refusal, of each kind that was recorded.</summary>
    [Theory]
    [InlineData("auth/anonymous-403", "Forbidden { User = system:anonymous, Verb = list, Resource = pods, Group = , Namespace = fx, Name =  }")]
    [InlineData("auth/forbidden-403", "Forbidden { User = limited-user, Verb = list, Resource = pods, Group = , Namespace = fx, Name =  }")]
    [InlineData("auth/forbidden-apply-403", "Forbidden { User = limited-user, Verb = patch, Resource = networkpolicies, Group = networking.k8s.io, Namespace = fx, Name = x }")]
    [InlineData("auth/bad-token-401", "Unauthorized { }")]
    [InlineData("auth/apf-429", "Throttled { Delay = 00:00:02 }")]
    [InlineData("crd/cel-422", "Invalid spec FieldValueInvalid")]
    [InlineData("crd/status-apply-conflict-409", "FieldManagerConflict netpulse-rec .status.conditions[type=\"Ready\"].status")]
    [InlineData("crd/strategic-merge-415", "BadRequest { }")]
    [InlineData("events/immutable-422", "Invalid reason FieldValueInvalid")]
    [InlineData("events/no-action-422", "Invalid action FieldValueRequired")]
    [InlineData("gone/list-exact-410", "Gone { Continue =  }")]
    [InlineData("lease/steal-stale-409", "VersionConflict { Resource = leases, Name = np-leader }")]
    [InlineData("lease/microtime-7digits", "BadRequest { }")]
    [InlineData("list/bad-rv-500", "Unavailable { Delay = 00:00:00 }")]
    [InlineData("list/future-rv", "Unavailable { Delay = 00:00:01 }")]
    [InlineData("list/get-404", "NotFound { Resource = pods, Name = nope }")]
    [InlineData("list/unknown-version-404", "NotFound { Resource = , Name =  }")]
    [InlineData("netpol/unknown-field-strict-400", "UnknownFields spec.ingres")]
    [InlineData("nodeproxy/kubelet-dead", "Unavailable { Delay = 00:00:00 }")]
    [InlineData("ssa/conflict-409", "FieldManagerConflict netpulse .spec.ingress")]
    [InlineData("ssa/create-with-uid", "Invalid metadata.uid FieldValueInvalid")]
    [InlineData("ssa/stale-rv-409", "VersionConflict { Resource = networkpolicies, Name = ssa }")]
    [InlineData("ssa/unknown-field-strict-500", "UnknownFields spec.ingres")]
    [InlineData("watch/sendInitialEvents-without-match-422", "Invalid resourceVersionMatch FieldValueForbidden")]
    [InlineData("write/already-exists-409", "AlreadyExists { Resource = configmaps, Name = occ }")]
    [InlineData("write/conflict-stale-rv-409", "VersionConflict { Resource = configmaps, Name = occ }")]
    [InlineData("write/create-in-missing-ns-404", "NotFound { Resource = namespaces, Name = nonexist }")]
    [InlineData("write/create-in-terminating-ns-403", "NamespaceTerminating { Namespace = dying }")]
    [InlineData("write/delete-precondition-409", "VersionConflict { Resource = ConfigMap, Name = occ }")]
    [InlineData("write/json-patch-test-failed", "PatchRejected { }")]
    public void A_refusal_says_what_it_means(string name, string meaning)
    {
        var recording = Recording.Read(name);
        var isJsonPatch = name == "write/json-patch-test-failed";
        Assert.Equal(meaning, Meaning(StatusReader.Read("GET /", (HttpStatusCode)recording.Status, recording.Plain, RetryAfter(recording), isJsonPatch).Fault));
    }

    [Fact]
    public void A_lost_list_carries_the_token_for_its_rest()
    {
        var gone = Assert.IsType<ApiFault.Gone>(Fault("gone/list-continue-410"));
        Assert.NotEmpty(gone.Continue);
    }

    [Fact]
    public void A_policy_of_admission_is_no_missing_role() => Assert.IsType<ApiFault.AdmissionDenied>(Fault("vap/denied"));

    /// <summary>The kubelet's stats over time belong to the collector; here each line is the JSON that it reads.</summary>
    [Theory]
    [MemberData(nameof(Series))]
    public void A_series_of_stats_is_lines_of_json(string file)
    {
        var text = File.ReadAllText(Path.Combine(Recording.Folder, file));
        var documents = file.EndsWith(".ndjson", StringComparison.Ordinal) ? text.Split('\n', StringSplitOptions.RemoveEmptyEntries) : [text];
        Assert.NotEmpty(documents);
        Assert.All(documents, static line => Assert.NotNull(JsonNode.Parse(line)));
    }

    /// <summary>What was applied and what the server then listed are the same policy to us, after its defaults.</summary>
    [Theory]
    [MemberData(nameof(Manifests))]
    public void A_manifest_is_the_policy_that_the_server_lists(string file)
    {
        var policy = ManifestObject.ParseAll(file, File.ReadAllText(Path.Combine(Recording.Folder, file)), []).Single().Read<NetworkPolicy>();
        var stored = List<NetworkPolicy>("netpol/list-15").Items.Single(p => p.Metadata.Name == policy.Metadata.Name);
        Assert.Equal(JsonSerializer.Serialize(policy.Spec.PodSelector, KubernetesJson.Options), JsonSerializer.Serialize(stored.Spec.PodSelector, KubernetesJson.Options));
        Assert.Equal(policy.Spec.Ingress.Count, stored.Spec.Ingress.Count);
        Assert.Equal(policy.Spec.Egress.Count, stored.Spec.Egress.Count);
        Assert.NotEmpty(stored.Spec.PolicyTypes);
    }

    /// <summary>When lines came: silence never lasted longer than our idle limit.</summary>
    [Theory]
    [MemberData(nameof(Timings))]
    public void A_healthy_watch_is_never_silent_for_longer_than_we_wait(string file)
    {
        var times = JsonNode.Parse(File.ReadAllText(Path.Combine(Recording.Folder, file)))!;
        var lines = (times["lineAtSec"] as JsonArray ?? []).Select(static t => t!.GetValue<double>()).ToList();
        var longest = lines.Zip(lines.Skip(1), static (a, b) => b - a).DefaultIfEmpty(0).Max();
        Assert.InRange(longest, 0, new StreamTiming().IdleWithBookmarks.TotalSeconds);
    }

    /// <summary>What the recorder noted of several requests at once, or cut out of one: no answer of its own.</summary>
    [Theory]
    [MemberData(nameof(Notes))]
    public void A_note_of_the_recorder_can_be_read(string file)
    {
        var text = File.ReadAllText(Path.Combine(Recording.Folder, file));
        Assert.NotEmpty(text);
        if (file.EndsWith(".json", StringComparison.Ordinal))
        {
            Assert.NotNull(JsonNode.Parse(text));
        }
    }

    [Fact]
    public void Items_of_a_list_know_their_kind_though_the_server_does_not_say_it()
    {
        var pod = List<Pod>("objects/pods-on-node1").Items.First(static p => p.Metadata.Name == "done");
        Assert.Equal(("v1", "Pod", "nk-node1", "Succeeded", "10.244.0.3"), (pod.ApiVersion, pod.Kind, pod.Spec.NodeName, pod.Status.Phase, pod.Status.PodIPs.Single().Ip));
        Assert.Equal("487a7a7c-d46f-4351-810d-c7ca443644a6", pod.Metadata.Uid);
    }

    private static async Task IsRefusedAsync(KubernetesClient client, Recording recording)
    {
        var (path, accept) = (recording.Path.TrimStart('/'), recording.Accept);
        Assert.NotNull(accept);

        // A delay of the server would make the client wait; what it says is read without.
        var refusal = recording.Headers.Any(static h => h.Name == "Retry-After") || recording.Status is 502 or 503 or 504
            ? StatusReader.Read($"{recording.Method} {path}", (HttpStatusCode)recording.Status, recording.Plain, RetryAfter(recording))
            : await TestClient.RefusedAsync(() => client.ReadTextAsync(path));
        Assert.Equal(recording.Status, refusal.Code);
        Assert.NotEmpty(refusal.Message);
        Assert.IsNotType<ApiFault.Unreachable>(refusal.Fault);
        if (recording.Status != 301)
        {
            Assert.IsNotType<ApiFault.Garbled>(refusal.Fault);
        }
    }

    private static async Task IsWatchedAsync(KubernetesClient client, Recording recording)
    {
        // The server ends it by itself, or with the error that is in it.
        var expected = recording.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonNode.Parse(line)!).ToList();
        var types = await (Plural(recording) switch
        {
            "pods" when recording.Accept.Contains("PartialObjectMetadata", StringComparison.Ordinal) => WatchAsync<PartialObject<Pod>>(client),
            "pods" => WatchAsync<Pod>(client),
            "nodes" => WatchAsync<Node>(client),
            "endpointslices" => WatchAsync<EndpointSlice>(client),
            "events" => WatchAsync<Event>(client),
            var other => throw new InvalidOperationException($"{other} is watched in {recording.Name}"),
        });
        Assert.Equal(expected.Select(static line => line["type"]!.GetValue<string>()), types);
    }

    private static async Task<List<string>> WatchAsync<T>(KubernetesClient client)
        where T : class, IResource<T>
    {
        var types = new List<string>();
        try
        {
            await foreach (var line in client.WatchAsync<T>(ResourceQuery.All, "1", TimeSpan.FromMinutes(1), new WatchPatience(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1))))
            {
                types.Add(line.Type.ToString().ToUpperInvariant());
                Assert.True(long.Parse(line.ResourceVersion, CultureInfo.InvariantCulture) > 0);
                Assert.Equal(line.Type == WatchEventType.Bookmark, line.Value is null);
                Assert.NotEqual("", line.Value?.Metadata.Name);
            }
        }
        catch (KubernetesException e) when (e.Fault is ApiFault.Gone)
        {
            types.Add("ERROR");
        }

        return types;
    }

    private static async Task IsReadAsync(KubernetesClient client, Recording recording)
    {
        var text = await client.ReadTextAsync(recording.Path.TrimStart('/'));
        Assert.Equal(recording.Text, text);
        if (recording.Name.StartsWith("list/", StringComparison.Ordinal) || recording.Name.StartsWith("objects/", StringComparison.Ordinal) || recording.Name.StartsWith("netpol/list", StringComparison.Ordinal) || recording.Name.StartsWith("gone/list", StringComparison.Ordinal))
        {
            IsTyped(recording);
        }
    }

    private static void IsWritten(Recording recording)
    {
        switch (recording.Json["kind"]!.GetValue<string>())
        {
            case "Status":
                Assert.Equal("Success", StatusReader.Parse(recording.Plain)?.Status);
                break;
            case "TokenReview":
                Assert.Equal(recording.Json["status"]!["authenticated"]?.GetValue<bool>() ?? false, Parse<TokenReview>(recording.Plain).Status!.Authenticated);
                break;
            case "SubjectAccessReview":
                Assert.Equal(recording.Json["status"]?["allowed"]?.GetValue<bool>(), Parse<SubjectAccessReview>(recording.Plain).Status!.Allowed);
                break;
            case "SelfSubjectAccessReview":
                Assert.False(Parse<SelfSubjectAccessReview>(recording.Plain).Status!.Allowed);
                break;
            default:
                IsTyped(recording);
                break;
        }
    }

    /// <summary>Read as our type, and again after it was written: names and versions are the server's.</summary>
    private static void IsTyped(Recording recording)
    {
        var json = recording.Json;
        switch (json["kind"]!.GetValue<string>())
        {
            case "PodList": SameNames<Pod>(json); break;
            case "NodeList": SameNames<Node>(json); break;
            case "NamespaceList": SameNames<Namespace>(json); break;
            case "EndpointSliceList": SameNames<EndpointSlice>(json); break;
            case "LeaseList": SameNames<Lease>(json); break;
            case "NetworkPolicyList": SameNames<NetworkPolicy>(json); break;
            case "Pod": SameName<Pod>(json); break;
            case "Service": SameName<Service>(json); break;
            case "NetworkPolicy": SameName<NetworkPolicy>(json); break;
            case "Lease": SameName<Lease>(json); break;
            case "Event" when json["apiVersion"]?.GetValue<string>() == "events.k8s.io/v1": SameName<Event>(json); break;
            case "Namespace": SameName<Namespace>(json); break;
            case var list when list.EndsWith("List", StringComparison.Ordinal): SameNames<PartialObject<Pod>>(json); break;
            default:
                if (json["metadata"]?["name"] is not null)
                {
                    SameName<PartialObject<Pod>>(json);
                }

                break;
        }
    }

    private static void SameNames<T>(JsonNode json)
        where T : class, IKubernetesObject
    {
        var list = Parse<ListAnswer<T>>(Encoding.UTF8.GetBytes(json.ToJsonString()));
        Assert.Equal(json["metadata"]!["resourceVersion"]?.GetValue<string>() ?? "", list.Metadata.ResourceVersion);
        Assert.Equal(json["items"]!.AsArray().Select(static i => i!["metadata"]!["name"]!.GetValue<string>()), list.Items.Select(static i => i.Metadata.Name));
    }

    private static void SameName<T>(JsonNode json)
        where T : class, IKubernetesObject
    {
        var value = Parse<T>(Encoding.UTF8.GetBytes(json.ToJsonString()));
        Assert.Equal(json["metadata"]!["name"]!.GetValue<string>(), value.Metadata.Name);
        Assert.Equal(json["metadata"]!["resourceVersion"]?.GetValue<string>() ?? "", value.Metadata.ResourceVersion);
        Assert.Equal(json["metadata"]!["generation"]?.GetValue<long>(), value.Metadata.Generation);
        var again = JsonSerializer.SerializeToUtf8Bytes(value, KubernetesJson.TypeOf<T>());
        Assert.Equal(Encoding.UTF8.GetString(again), JsonSerializer.Serialize(Parse<T>(again), KubernetesJson.TypeOf<T>()));
    }

    private static ListAnswer<T> List<T>(string name) => Parse<ListAnswer<T>>(Recording.Read(name).Plain);

    private static T Parse<T>(byte[] json) => JsonSerializer.Deserialize(json, KubernetesJson.TypeOf<T>())!;

    private static ApiFault Fault(string name)
    {
        var recording = Recording.Read(name);
        return StatusReader.Read("GET /", (HttpStatusCode)recording.Status, recording.Plain, RetryAfter(recording)).Fault;
    }

    private static TimeSpan RetryAfter(Recording recording) =>
        recording.Headers.FirstOrDefault(static h => h.Name == "Retry-After").Value is { } seconds ? TimeSpan.FromSeconds(int.Parse(seconds, CultureInfo.InvariantCulture)) : TimeSpan.Zero;

    private static string Meaning(ApiFault fault) => fault switch
    {
        ApiFault.Invalid invalid => $"Invalid {string.Join(", ", invalid.Fields.Select(static f => $"{f.Path} {f.Reason}"))}",
        ApiFault.FieldManagerConflict conflict => $"FieldManagerConflict {string.Join(", ", conflict.Fields.Select(static f => $"{f.Manager} {f.Path}"))}",
        ApiFault.UnknownFields unknown => $"UnknownFields {string.Join(", ", unknown.Fields)}",
        _ => fault.ToString(),
    };

    private static string Plural(Recording recording) => recording.Path.Split('?')[0].Split('/')[^1];

    private static ImmutableArray<string> Files(string folder, string pattern) =>
        [.. Directory.EnumerateFiles(Path.Combine(Recording.Folder, folder), pattern, SearchOption.AllDirectories).Select(static f => Path.GetRelativePath(Recording.Folder, f)).Order(StringComparer.Ordinal)];
}
