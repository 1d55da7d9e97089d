using System.Net;
using System.Net.Sockets;
using System.Text;
using NetPulse.ApiServer;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Kubernetes.Tests.Client;

/// <summary>How an API server is reached, and as whom: from a pod, through a proxy, as somebody else, with a certificate that is renewed.</summary>
public sealed class ConnectionTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly CancellationTokenSource deadline = new(TimeSpan.FromSeconds(60));
    private readonly string directory = Directory.CreateTempSubdirectory("nptest-").FullName;
    private TestApiServer server = null!;

    public async Task InitializeAsync() => server = await TestApiServer.StartAsync(isTls: true);

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(directory, recursive: true);
        deadline.Dispose();
    }

    [Fact]
    public async Task A_pod_finds_its_server_its_namespace_and_itself_and_a_renewed_token_is_used()
    {
        Write("ca.crt", server.Certificates.AuthorityPem);
        Write("namespace", "netpulse\n");
        Write("token", "first");
        server.Tokens["first"] = "system:serviceaccount:netpulse:optimizer";
        var configuration = InPod(() => InClusterConfiguration.Read(directory));
        Assert.Equal(("netpulse", server.Address), (configuration.Namespace, new Uri(configuration.Server.GetLeftPart(UriPartial.Authority))));
        using var client = TestClient.Of(configuration);
        Assert.NotEmpty((await client.ListAsync<PartialObject<Namespace>>(ResourceQuery.All, deadline.Token)).Items);

        // The kubelet replaces it; the old one is refused before the minute is over.
        server.Tokens.Clear();
        server.Tokens["second"] = "system:serviceaccount:netpulse:optimizer";
        Write("token", "second");
        Assert.NotEmpty((await client.ListAsync<PartialObject<Namespace>>(ResourceQuery.All, deadline.Token)).Items);
    }

    [Fact]
    public void A_pod_without_a_token_is_told_what_to_set()
    {
        var refused = Assert.Throws<KubeconfigException>(() => InPod(() => InClusterConfiguration.Read(directory)));
        Assert.Contains("automountServiceAccountToken", refused.Message, StringComparison.Ordinal);
        Assert.Contains("KUBERNETES_SERVICE_HOST", Assert.Throws<KubeconfigException>(() => InPod(() => InClusterConfiguration.Read(directory), host: null)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proxy_is_asked_with_its_login_and_sees_nothing_but_ciphertext()
    {
        await using var proxy = new ConnectProxy("pass:word");
        using var client = TestClient.Of(server.Configuration() with { Proxy = new Uri($"http://somebody:{Uri.EscapeDataString("pass:word")}@127.0.0.1:{proxy.Port}") });
        Assert.NotEmpty((await client.ListAsync<PartialObject<Namespace>>(ResourceQuery.All, deadline.Token)).Items);
        Assert.Equal([$"CONNECT 127.0.0.1:{server.Address.Port} HTTP/1.1"], proxy.Asked.Distinct(StringComparer.Ordinal));
        Assert.All(server.Seen, static request => Assert.DoesNotContain("Proxy-Authorization", request.Headers.Keys));
    }

    [Fact]
    public async Task Who_acts_as_somebody_else_says_so_on_each_request()
    {
        var credentials = new ClusterCredentials { ImpersonatedUser = "jane", ImpersonatedGroups = ["net", "oncall"] };
        using var client = TestClient.Of(server.Configuration() with { Credentials = credentials });
        await client.ListAsync<PartialObject<Namespace>>(ResourceQuery.All, deadline.Token);
        var seen = server.Seen.Last();
        Assert.Equal(("jane", "net,oncall"), (seen.Headers["Impersonate-User"], seen.Headers["Impersonate-Group"].Replace(" ", "", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_client_certificate_that_was_replaced_is_shown_on_the_next_connection()
    {
        server.DemandsClientCertificate = true;
        server.Deny("list", "namespaces");
        var credentials = new ClusterCredentials
        {
            ClientCertificate = new PemSource(Path.Combine(directory, "client.crt"), ""),
            ClientKey = new PemSource(Path.Combine(directory, "client.key"), ""),
        };
        Issue("node-1");
        using var client = TestClient.Of(server.Configuration() with { Credentials = credentials });
        Assert.Equal("node-1", await UserAsync(client));
        Issue("node-1-renewed");
        await server.RestartAsync();
        Assert.Equal("node-1-renewed", await UserAsync(client));
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(directory, name), text);

    private void Issue(string user)
    {
        var (certificate, key) = server.Certificates.Client(user);
        Write("client.crt", certificate);
        Write("client.key", key);
    }

    /// <summary>Whom the server takes the client for: it says so when it refuses.</summary>
    private async Task<string> UserAsync(KubernetesClient client) => Assert.IsType<ApiFault.Forbidden>(
        (await TestClient.RefusedAsync(() => client.ListAsync<PartialObject<Namespace>>(ResourceQuery.All, deadline.Token))).Fault).User;

    private T InPod<T>(Func<T> read, string? host = "127.0.0.1")
    {
        var before = (Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST"), Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT"));
        Environment.SetEnvironmentVariable("KUBERNETES_SERVICE_HOST", host);
        Environment.SetEnvironmentVariable("KUBERNETES_SERVICE_PORT", $"{server.Address.Port}");
        try
        {
            return read();
        }
        finally
        {
            Environment.SetEnvironmentVariable("KUBERNETES_SERVICE_HOST", before.Item1);
            Environment.SetEnvironmentVariable("KUBERNETES_SERVICE_PORT", before.Item2);
        }
    }

    /// <summary>As much of an HTTP proxy as CONNECT needs, with Basic authentication.</summary>
    private sealed class ConnectProxy : IAsyncDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource stopping = new();
        private readonly List<string> asked = [];
        private readonly string expected;
        private readonly Task running;

        public ConnectProxy(string password)
        {
            expected = $"Proxy-Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"somebody:{password}"))}";
            listener.Start();
            running = RunAsync();
        }

        public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

        public IReadOnlyList<string> Asked
        {
            get
            {
                lock (asked)
                {
                    return [.. asked];
                }
            }
        }

        public async ValueTask DisposeAsync()
        {
            await stopping.CancelAsync();
            listener.Dispose();
            await running;
            stopping.Dispose();
        }

        private async Task RunAsync()
        {
            var serving = new List<Task>();
            try
            {
                while (true)
                {
                    serving.Add(ServeAsync(await listener.AcceptTcpClientAsync(stopping.Token)));
                }
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                await Task.WhenAll(serving);
            }
        }

        private async Task ServeAsync(TcpClient accepted)
        {
            using var client = accepted;
            try
            {
                var stream = client.GetStream();
                while (true)
                {
                    var head = await HeadAsync(stream);
                    lock (asked)
                    {
                        asked.Add(head[0]);
                    }

                    if (!head.Contains(expected))
                    {
                        await stream.WriteAsync("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), stopping.Token);
                        continue;
                    }

                    using var upstream = new TcpClient();
                    var target = head[0].Split(' ')[1].Split(':');
                    await upstream.ConnectAsync(target[0], int.Parse(target[1], System.Globalization.CultureInfo.InvariantCulture), stopping.Token);
                    await stream.WriteAsync("HTTP/1.1 200 Connection established\r\n\r\n"u8.ToArray(), stopping.Token);
                    await Task.WhenAny(stream.CopyToAsync(upstream.GetStream(), stopping.Token), upstream.GetStream().CopyToAsync(stream, stopping.Token));
                    return;
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or SocketException)
            {
                // The test is over.
            }
        }

        private async Task<string[]> HeadAsync(NetworkStream stream)
        {
            var bytes = new List<byte>();
            var one = new byte[1];
            while (!Encoding.ASCII.GetString([.. bytes.TakeLast(4)]).EndsWith("\r\n\r\n", StringComparison.Ordinal))
            {
                if (await stream.ReadAsync(one, stopping.Token) == 0)
                {
                    throw new IOException("the client has gone");
                }

                bytes.Add(one[0]);
            }

            return Encoding.ASCII.GetString([.. bytes]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        }
    }
}
