using System.Text.Json.Nodes;
using NetPulse.ApiServer;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Objects;
using NetPulse.Tests;

namespace NetPulse.Kubernetes.Tests.Client;

public sealed class KubernetesClientTests : IAsyncDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("netpulse-client-").FullName;
    private TestApiServer? started;

    public async ValueTask DisposeAsync()
    {
        if (started is not null)
        {
            await started.DisposeAsync();
        }

        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task Over_tls_it_speaks_http_2_and_trusts_the_clusters_authority_alone()
    {
        var server = await StartAsync(isTls: true);
        using var client = TestClient.Of(server.Configuration());
        await client.ListAsync<Pod>(ResourceQuery.All);
        Assert.Equal("HTTP/2", server.Seen.Last().Protocol);

        using var stranger = TestClient.Of(server.Configuration() with { CertificateAuthority = null });
        Assert.IsType<ApiFault.Unreachable>((await TestClient.RefusedAsync(() => stranger.ApplyAsync(Policy(80)))).Fault);
        using var careless = TestClient.Of(server.Configuration() with { CertificateAuthority = null, SkipTlsVerify = true });
        await careless.ListAsync<Pod>(ResourceQuery.All);
    }

    [Fact]
    public async Task The_certificate_must_have_the_servers_name_or_the_one_that_is_named()
    {
        var server = await StartAsync(isTls: true);
        var configuration = server.Configuration() with { Server = new UriBuilder(server.Address) { Host = "localhost" }.Uri };
        using var wrong = TestClient.Of(configuration);
        Assert.IsType<ApiFault.Unreachable>((await TestClient.RefusedAsync(() => wrong.ApplyAsync(Policy(80)))).Fault);
        using var named = TestClient.Of(configuration with { TlsServerName = "kubernetes.default.svc" });
        await named.ListAsync<Pod>(ResourceQuery.All);
    }

    [Fact]
    public async Task A_client_certificate_inline_in_a_kubeconfig_says_who_we_are()
    {
        var server = await StartAsync(isTls: true);
        server.DemandsClientCertificate = true;
        var (certificate, key) = server.Certificates.Client("netpulse");
        var file = Write("config", $"""
            apiVersion: v1
            kind: Config
            current-context: c
            contexts: [{"{name: c, context: {cluster: k, user: u, namespace: net}}"}]
            clusters:
            - name: k
              cluster:
                server: {server.Address}
                certificate-authority-data: {Base64(server.Certificates.AuthorityPem)}
            users:
            - name: u
              user:
                client-certificate-data: {Base64(certificate)}
                client-key-data: {Base64(key)}
            """);
        var configuration = Kubeconfig.Load([file]);
        Assert.Equal("net", configuration.Namespace);
        using var client = TestClient.Of(configuration);
        Assert.Empty((await client.ListAsync<Pod>(ResourceQuery.All)).Items);
        using var nobody = TestClient.Of(server.Configuration());
        Assert.IsType<ApiFault.Unauthorized>((await TestClient.RefusedAsync(() => nobody.ListAsync<Pod>(ResourceQuery.All))).Fault);
    }

    [Fact]
    public async Task A_token_file_is_read_again_when_its_token_is_refused()
    {
        var server = await StartAsync();
        server.Tokens["new"] = "system:serviceaccount:net:netpulse";
        var file = Write("token", "old");
        using var client = TestClient.Of(server.Configuration() with { Credentials = new ClusterCredentials { TokenFile = file } });
        Assert.IsType<ApiFault.Unauthorized>((await TestClient.RefusedAsync(() => client.ListAsync<Pod>(ResourceQuery.All))).Fault);
        Write("token", "new\n");
        await client.ListAsync<Pod>(ResourceQuery.All);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two\nlines")]
    public async Task A_token_file_without_a_token_on_one_line_is_told_by_its_name(string content)
    {
        var server = await StartAsync();
        var file = Write("token", content);
        using var client = TestClient.Of(server.Configuration() with { Credentials = new ClusterCredentials { TokenFile = file } });
        var refusal = await TestClient.RefusedAsync(() => client.ListAsync<Pod>(ResourceQuery.All));
        Assert.Contains($"{file}: must hold a token on one line", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exec_plugin_gives_the_token_and_is_asked_again_after_a_refusal()
    {
        var server = await StartAsync();
        server.Tokens["t1"] = "somebody";
        var answer = Write("answer", """{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t1"}}""");
        var file = Write("config", $"""
            current-context: c
            contexts: [{"{name: c, context: {cluster: k, user: u}}"}]
            clusters: [{$"{{name: k, cluster: {{server: \"{server.Address}\"}}}}"}]
            users:
            - name: u
              user:
                exec:
                  apiVersion: client.authentication.k8s.io/v1
                  command: sh
                  args: ["-c", "test -n \"$KUBERNETES_EXEC_INFO\" && test \"$MINE\" = yes && cat {answer}"]
                  env: [{"{name: MINE, value: \"yes\"}"}]
                  interactiveMode: IfAvailable
            """);
        using var client = TestClient.Of(Kubeconfig.Load([file]));
        await client.ListAsync<Pod>(ResourceQuery.All);
        server.Tokens.Clear();
        server.Tokens["t2"] = "somebody";
        Write("answer", """{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t2"}}""");
        await client.ListAsync<Pod>(ResourceQuery.All);
    }

    [Fact]
    public void Of_several_files_the_first_to_name_something_wins()
    {
        var first = Write("a", "current-context: mine\ncontexts:\n- {name: mine, context: {cluster: k, user: u}}\nusers:\n- {name: u, user: {token: one}}\n");
        var second = Write("b", "current-context: theirs\nclusters:\n- {name: k, cluster: {server: 'https://k.example:6443', certificate-authority: ca.crt, tls-server-name: k, proxy-url: 'socks5://p:1080'}}\nusers:\n- {name: u, user: {token: two}}\n");
        var merged = Kubeconfig.Load([first, second]);
        Assert.Equal(("one", "https://k.example:6443/", "k", "socks5://p:1080/"), (merged.Credentials.Token, merged.Server.ToString(), merged.TlsServerName, merged.Proxy?.ToString()));
        Assert.Equal(Path.Combine(directory, "ca.crt"), merged.CertificateAuthority?.File);
        Assert.Equal("ClusterCredentials", merged.Credentials.ToString());
        Assert.Contains("known are mine", Assert.Throws<KubeconfigException>(() => Kubeconfig.Load([first, second], "other")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{token: x, auth-provider: {name: gcp}}", "exec plugin")]
    [InlineData("{client-certificate: a.crt}", "client-key")]
    [InlineData("{client-certificate-data: '%', client-key-data: '%'}", "base64")]
    [InlineData("{exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}}", "apiVersion")]
    [InlineData("{exec: {command: x, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Always}}", "terminal")]
    public void What_a_kubeconfig_asks_for_in_vain_is_named_with_its_remedy(string user, string said)
    {
        var file = Write("config", $"current-context: c\ncontexts:\n- {{name: c, context: {{cluster: k, user: u}}}}\nclusters:\n- {{name: k, cluster: {{server: 'https://k'}}}}\nusers:\n- name: u\n  user: {user}\n");
        var fault = Assert.Throws<KubeconfigException>(() => Kubeconfig.Load([file]));
        Assert.Contains(said, fault.Message, StringComparison.Ordinal);
        Assert.StartsWith(file, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_large_list_comes_compressed_and_a_small_one_does_not()
    {
        var server = await StartAsync();
        for (var i = 0; i < 200; i++)
        {
            server.Add("v1", "pods", new JsonObject { ["metadata"] = new JsonObject { ["name"] = $"p{i}", ["namespace"] = "shop", ["annotations"] = new JsonObject { ["long"] = new string('x', 1000) } } });
        }

        using var client = TestClient.Of(server.Configuration());
        Assert.Equal(200, (await client.ListAsync<Pod>(ResourceQuery.All)).Items.Length);
        Assert.Contains("gzip", server.Seen.Last().Headers["Accept-Encoding"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Throttling_is_waited_out_and_a_server_that_is_starting_is_asked_again()
    {
        var server = await StartAsync();
        using var client = TestClient.Of(server.Configuration());
        server.Throttle(1, retryAfterSeconds: 1);
        server.Refuse(1, 503, "starting");
        server.Drop(1);
        await client.ListAsync<Pod>(ResourceQuery.All);
        Assert.Equal(4, server.Seen.Count);

        // A write that got no answer may have been made: it is the caller's to decide.
        server.Drop(1);
        Assert.IsType<ApiFault.Unreachable>((await TestClient.RefusedAsync(() => client.ApplyAsync(Policy(80)))).Fault);
        server.Throttle(1, retryAfterSeconds: 1);
        await client.ApplyAsync(Policy(80));
        server.Throttle(1, retryAfterSeconds: 300);
        Assert.Equal(TimeSpan.FromMinutes(5), Assert.IsType<ApiFault.Throttled>((await TestClient.RefusedAsync(() => client.ApplyAsync(Policy(81)))).Fault).Delay);
    }

    [Fact]
    public async Task An_answer_counts_however_long_it_took_to_be_let_in()
    {
        var server = await StartAsync();
        using var client = TestClient.Of(server.Configuration(), new PassingDelays());
        server.Throttle(3, retryAfterSeconds: 15);
        await client.ListAsync<Pod>(ResourceQuery.All);
        Assert.Equal(4, server.Seen.Count);
    }

    [Fact]
    public async Task An_answer_that_is_not_what_its_encoding_says_is_garbled()
    {
        var server = await StartAsync();
        using var client = TestClient.Of(server.Configuration());
        server.Refuse(1, 200, "{}", "gzip");
        Assert.IsType<ApiFault.Garbled>((await TestClient.RefusedAsync(() => client.ListAsync<Pod>(ResourceQuery.All))).Fault);
    }

    [Fact]
    public async Task Apply_owns_its_fields_conflicts_with_others_and_forces_only_when_asked()
    {
        var server = await StartAsync();
        using var client = TestClient.Of(server.Configuration());
        var first = await client.ApplyAsync(Policy(80));
        Assert.Equal(first.Metadata.ResourceVersion, (await client.ApplyAsync(Policy(80))).Metadata.ResourceVersion);

        var other = new WriteOptions { FieldManager = "someone-else" };
        var conflict = Assert.IsType<ApiFault.FieldManagerConflict>((await TestClient.RefusedAsync(() => client.ApplyAsync(Policy(8080), other))).Fault);
        Assert.Equal(new OwnedField("netpulse", ".spec.ingress"), conflict.Fields.Single());
        var tried = await client.ApplyAsync(Policy(8080), other with { Force = true, IsDryRun = true });
        Assert.Equal(8080, tried.Spec.Ingress[0].Ports[0].Port?.Number);
        Assert.Equal(80, (await client.ReadAsync<NetworkPolicy>("web")).Spec.Ingress[0].Ports[0].Port?.Number);
        await client.ApplyAsync(Policy(8080), other with { Force = true });
        Assert.Equal(new OwnedField("someone-else", ".spec.ingress"), Assert.IsType<ApiFault.FieldManagerConflict>((await TestClient.RefusedAsync(() => client.ApplyAsync(Policy(80)))).Fault).Fields.Single());

        // Update only: with the uid of an object that is gone nothing is created.
        var gone = Policy(80) with { Metadata = new ObjectMeta { Name = "gone", Uid = "00000000-0000-0000-0000-000000000000" } };
        Assert.Equal("metadata.uid", Assert.IsType<ApiFault.Invalid>((await TestClient.RefusedAsync(() => client.ApplyAsync(gone))).Fault).Fields.Single().Path);
    }

    [Fact]
    public async Task Create_patch_and_delete_say_what_stood_in_their_way()
    {
        var server = await StartAsync();
        using var client = TestClient.Of(server.Configuration());
        var created = await client.CreateAsync(Policy(80));
        Assert.IsType<ApiFault.AlreadyExists>((await TestClient.RefusedAsync(() => client.CreateAsync(Policy(80)))).Fault);
        Assert.Contains(server.Seen, static r => r.Method == "POST" && r.Target.Contains("fieldValidation=Strict", StringComparison.Ordinal));

        var path = JsonPatchOperation.PathOf("metadata", "labels");
        var patch = new ObjectPatch.Json(JsonPatchOperation.Test(path, new JsonObject { ["a"] = "b" }), JsonPatchOperation.Remove(path));
        Assert.IsType<ApiFault.PatchRejected>((await TestClient.RefusedAsync(() => client.PatchAsync<NetworkPolicy>("web", "", patch))).Fault);
        var labelled = await client.PatchAsync<NetworkPolicy>("web", "", new ObjectPatch.Json(JsonPatchOperation.Add(path, new JsonObject { ["a"] = "b" })));
        Assert.Equal("b", labelled.Metadata.Labels["a"]);
        var typo = new ObjectPatch.Merge(new JsonObject { ["spec"] = new JsonObject { ["ingres"] = new JsonArray() } });
        Assert.Equal("spec.ingres", Assert.IsType<ApiFault.UnknownFields>((await TestClient.RefusedAsync(() => client.PatchAsync<NetworkPolicy>("web", "", typo))).Fault).Fields.Single());

        Assert.IsType<ApiFault.VersionConflict>((await TestClient.RefusedAsync(() => client.DeleteAsync<NetworkPolicy>("web", options: new DeleteOptions { ResourceVersion = created.Metadata.ResourceVersion }))).Fault);
        await client.DeleteAsync<NetworkPolicy>("web", options: new DeleteOptions { Uid = created.Metadata.Uid, IsDryRun = true });
        await client.DeleteAsync<NetworkPolicy>("web", options: new DeleteOptions { Uid = created.Metadata.Uid });
        Assert.Null(await client.FindAsync<NetworkPolicy>("web"));
        await Assert.ThrowsAsync<ArgumentException>(() => client.ReplaceAsync(Policy(80)));
    }

    [Fact]
    public async Task A_missing_role_is_named_with_what_to_grant()
    {
        var server = await StartAsync();
        using var client = TestClient.Of(server.Configuration());
        server.Deny("list", "pods");
        var refusal = await TestClient.RefusedAsync(() => client.ListAsync<Pod>(new ResourceQuery { Namespace = "shop" }));
        Assert.Equal(new ApiFault.Forbidden("test-user", "list", "pods", "", "shop", ""), refusal.Fault);
        Assert.EndsWith("grant test-user the verb list on pods (apiGroup \"\", namespace shop)", refusal.Message, StringComparison.Ordinal);
        var review = await client.ReviewAsync(new SelfSubjectAccessReview { Spec = new SubjectAccessReviewSpec { ResourceAttributes = new ResourceAttributes { Verb = "list", Resource = "pods" } } });
        Assert.False(review.Status?.Allowed);
    }

    private static NetworkPolicy Policy(int port) => new()
    {
        Metadata = new ObjectMeta { Name = "web" },
        Spec = new NetworkPolicySpec { PolicyTypes = ["Ingress"], Ingress = [new NetworkPolicyIngressRule { Ports = [new NetworkPolicyPort { Protocol = "TCP", Port = port }] }] },
    };

    private static string Base64(string text) => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text));

    private string Write(string name, string text)
    {
        var file = Path.Combine(directory, name);
        File.WriteAllText(file, text);
        return file;
    }

    private async Task<TestApiServer> StartAsync(bool isTls = false) => started = await TestApiServer.StartAsync(isTls);

    /// <summary>What a server asks to wait, which is less than the client's patience, goes by at once; all else is measured by it.</summary>
    private sealed class PassingDelays : TimeProvider
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

        private readonly TestClock clock = new();

        public override long TimestampFrequency => clock.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();

        public override long GetTimestamp() => clock.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = clock.CreateTimer(callback, state, dueTime, period);
            if (dueTime > TimeSpan.Zero && dueTime < Patience)
            {
                _ = Task.Run(() => clock.Advance(dueTime));
            }

            return timer;
        }
    }
}
