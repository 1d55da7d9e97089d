using System.Net;
using System.Net.Http.Headers;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.ApiServer;
using NetPulse.Kubernetes.Client;
using NetPulse.Tests;

namespace NetPulse.Hosting.Tests;

/// <summary>A service whose callers an API server knows.</summary>
public sealed class AccessControlTests : IAsyncLifetime, IAsyncDisposable
{
    private const string Token = "the-readers-secret";

    private readonly TestClock clock = new();
    private readonly Lines lines = new();
    private readonly HttpClient http = new();
    private TestApiServer server = null!;
    private WebApplication app = null!;

    public async Task InitializeAsync()
    {
        server = await TestApiServer.StartAsync();
        server.Tokens[Token] = "reader";
        server.Tokens["our-own"] = "netpulse";
        app = await StartAsync("127.0.0.1:0", HttpAuthorization.Kubernetes);
        http.BaseAddress = AddressOf(app);
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await app.DisposeAsync();
        await server.DisposeAsync();
        lines.Dispose();
    }

    [Fact]
    public async Task Without_a_token_only_what_is_open_answers()
    {
        Assert.Equal(HttpStatusCode.OK, (await AskAsync("GET", "/open", "")).StatusCode);
        foreach (var (method, path) in new[] { ("GET", "/read"), ("POST", "/write"), ("POST", "/WRITE/"), ("POST", "/unruled"), ("GET", "/metrics") })
        {
            var refused = await AskAsync(method, path, "");
            Assert.Equal((path == "/unruled" ? HttpStatusCode.Forbidden : HttpStatusCode.Unauthorized, path), (refused.StatusCode, path));
        }

        Assert.Equal("Bearer", (await AskAsync("GET", "/read", "")).Headers.WwwAuthenticate.Single().Scheme);
    }

    [Fact]
    public async Task Roles_tell_reading_writing_and_approving_apart()
    {
        server.Deny("create", "optimizers/samples");
        server.Deny("approve", "networkrecommendations");
        Assert.Equal(HttpStatusCode.OK, (await AskAsync("GET", "/read", Token)).StatusCode);
        var refused = await AskAsync("POST", "/write", Token);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Equal("reader may not create optimizers/samples (netpulse.io); a Role or ClusterRole has to allow it\n", await refused.Content.ReadAsStringAsync());
        var approval = await AskAsync("POST", "/approve/shop/raise-window", Token);
        Assert.Equal(HttpStatusCode.Forbidden, approval.StatusCode);
        Assert.Contains("may not approve networkrecommendations (netpulse.io) in shop", await approval.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, (await AskAsync("POST", "/unruled", Token)).StatusCode);
    }

    [Fact]
    public async Task An_answer_is_kept_for_a_minute_and_a_refusal_for_ten_seconds()
    {
        Assert.Equal(HttpStatusCode.OK, (await AskAsync("GET", "/read", Token)).StatusCode);
        server.Deny("get", "optimizers/status");
        Assert.Equal(HttpStatusCode.OK, (await AskAsync("GET", "/read", Token)).StatusCode);
        Assert.Equal((1, 1), (Reviews("tokenreviews"), Reviews("subjectaccessreviews")));
        clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(HttpStatusCode.Forbidden, (await AskAsync("GET", "/read", Token)).StatusCode);
        server.Allow("get", "optimizers/status");
        Assert.Equal(HttpStatusCode.Forbidden, (await AskAsync("GET", "/read", Token)).StatusCode);
        clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(HttpStatusCode.OK, (await AskAsync("GET", "/read", Token)).StatusCode);
    }

    [Fact]
    public async Task A_token_that_nobody_has_is_refused_and_no_token_is_ever_logged()
    {
        var refused = await AskAsync("GET", "/read", "made-up-secret");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        await server.StopAsync();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await AskAsync("GET", "/read", "another-made-up-secret")).StatusCode);
        Assert.NotEmpty(lines.All);
        Assert.DoesNotContain(lines.All, static line => line.Contains("secret", StringComparison.Ordinal) || line.Contains("our-own", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_refused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/write") { Content = new ByteArrayContent(new byte[2048]) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await http.SendAsync(request)).StatusCode);
    }

    /// <summary>What any page on the web can make a browser on this machine send, and what it could read once its own name meant 127.0.0.1.</summary>
    [Theory]
    [InlineData("", "http://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("", "null", HttpStatusCode.Forbidden)]
    [InlineData("evil.example", "http://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("evil.example", "", HttpStatusCode.Forbidden)]
    [InlineData("localhost.evil.example:80", "", HttpStatusCode.Forbidden)]
    [InlineData("", "", HttpStatusCode.OK)]
    [InlineData("", "own", HttpStatusCode.OK)]
    [InlineData("localhost:8470", "http://localhost:8470", HttpStatusCode.OK)]
    [InlineData("[::1]:8470", "", HttpStatusCode.OK)]
    [InlineData("NetPulse.example.org", "https://netpulse.example.org", HttpStatusCode.OK)]
    [InlineData("", "https://netpulse.example.org", HttpStatusCode.OK)]
    public async Task Where_nobody_is_asked_who_he_is_no_page_of_another_site_asks_in_his_place(string host, string origin, HttpStatusCode expected)
    {
        await using var open = await StartAsync("127.0.0.1:0", HttpAuthorization.None, ("http:allowedHosts:0", "netpulse.example.org"));
        foreach (var (method, path) in new[] { ("POST", "/write"), ("GET", "/read") })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(AddressOf(open), path));
            request.Headers.Host = host.Length > 0 ? host : null;
            request.Headers.TryAddWithoutValidation("Origin", origin == "own" ? AddressOf(open).GetLeftPart(UriPartial.Authority) : origin.Length > 0 ? origin : null);
            Assert.Equal(expected, (await http.SendAsync(request)).StatusCode);
        }

        // Nothing is in them, and the kubelet of some names a probe's host.
        using var probe = new HttpRequestMessage(HttpMethod.Get, new Uri(AddressOf(open), "/open")) { Headers = { Host = "evil.example" } };
        Assert.Equal(HttpStatusCode.OK, (await http.SendAsync(probe)).StatusCode);
    }

    /// <summary>A Prometheus and collectors elsewhere know us by whatever name.</summary>
    [Fact]
    public async Task Who_comes_from_elsewhere_may_use_any_name_unless_names_are_set()
    {
        foreach (var (settings, expected) in new ((string, string)[], HttpStatusCode)[] { ([], HttpStatusCode.OK), ([("http:allowedHosts:0", "other.example")], HttpStatusCode.Forbidden) })
        {
            await using var open = await StartAsync("0.0.0.0:0", HttpAuthorization.None, settings);
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{OwnAddress()}:{AddressOf(open).Port}/read") { Headers = { Host = "node-1.example:9470" } };
            Assert.Equal(expected, (await http.SendAsync(request)).StatusCode);
        }
    }

    [Theory]
    [InlineData("0.0.0.0:0")]
    [InlineData("[::]:0")]
    public async Task An_address_that_asks_too_much_is_told_to_wait_and_this_node_never_is(string listen)
    {
        await using var open = await StartAsync(listen, HttpAuthorization.None);
        var port = AddressOf(open).Port;
        using var client = new HttpClient();
        Assert.Contains(HttpStatusCode.TooManyRequests, await CodesAsync(client, $"http://{OwnAddress()}:{port}/read"));
        Assert.DoesNotContain(HttpStatusCode.TooManyRequests, await CodesAsync(client, $"http://127.0.0.1:{port}/read"));
    }

    [Fact]
    public async Task More_connections_than_allowed_are_closed()
    {
        var held = new List<TcpClient>();
        for (var i = 0; i < 4; i++)
        {
            var connection = new TcpClient();
            await connection.ConnectAsync(IPAddress.Loopback, http.BaseAddress!.Port);
            held.Add(connection);
        }

        // Kestrel closes the one too many without a word.
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var closed = await Task.WhenAny(held.Select(connection => connection.GetStream().ReadAsync(new byte[1], patience.Token).AsTask()));
        Assert.True(closed.IsFaulted || await closed == 0);
        held.ForEach(static connection => connection.Dispose());
    }

    private static async Task<List<HttpStatusCode>> CodesAsync(HttpClient client, string address)
    {
        var codes = new List<HttpStatusCode>();
        for (var i = 0; i < 20; i++)
        {
            codes.Add((await client.GetAsync(new Uri(address))).StatusCode);
        }

        return codes;
    }

    /// <summary>One that is not loopback; requests to it still never leave this machine.</summary>
    private static IPAddress OwnAddress() => NetworkInterface.GetAllNetworkInterfaces()
        .Where(static each => each.OperationalStatus == OperationalStatus.Up && each.NetworkInterfaceType != NetworkInterfaceType.Loopback)
        .SelectMany(static each => each.GetIPProperties().UnicastAddresses).Select(static each => each.Address)
        .First(static address => address.AddressFamily == AddressFamily.InterNetwork);

    private static Uri AddressOf(WebApplication of) => new(of.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First().Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal).Replace("[::]", "127.0.0.1", StringComparison.Ordinal));

    private int Reviews(string resource) => server.Seen.Count(request => request.Target.EndsWith($"/{resource}", StringComparison.Ordinal));

    private async Task<WebApplication> StartAsync(string listen, HttpAuthorization authorization, params (string Name, string Value)[] settings)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["http:listen"] = listen,
            ["http:maxBodyBytes"] = "1024",
            ["http:maxConnections"] = "3",
            ["http:requestsPerSecond"] = "5",
        });
        builder.Configuration.AddInMemoryCollection(settings.Select(static each => KeyValuePair.Create(each.Name, (string?)each.Value)));
        builder.Logging.AddProvider(lines).SetMinimumLevel(LogLevel.Trace);
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.Services.TryAddSingleton(new KubernetesClient(
            server.Configuration() with { Credentials = new ClusterCredentials { Token = "our-own" } }, TimeProvider.System, NullLogger<KubernetesClient>.Instance));
        builder.ListenOnHttp("127.0.0.1:0", authorization);
        builder.Services.AddAccessControl(builder.Configuration, authorization);
        var made = builder.Build();
        made.UseAccessControl();
        made.MapGet("/open", static () => "open").WithMetadata(AccessRule.Open);
        made.MapGet("/read", static () => "read");
        made.MapGet("/metrics", static () => "metrics").WithMetadata(AccessRule.Metrics);
        made.MapPost("/unruled", static () => "unruled");
        made.MapPost("/approve/{namespace}/{name}", static () => "approved").WithMetadata(AccessRule.Approve);
        made.MapPost("/write", static async (HttpContext context) =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            return "written";
        }).WithMetadata(AccessRule.WriteSamples);
        await made.StartAsync();
        return made;
    }

    private async Task<HttpResponseMessage> AskAsync(string method, string path, string token)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Authorization = token.Length > 0 ? new AuthenticationHeaderValue("Bearer", token) : null;
        return await http.SendAsync(request);
    }

    /// <summary>All that anybody logs.</summary>
    private sealed class Lines : ILoggerProvider, ILogger
    {
        private readonly List<string> lines = [];

        public IReadOnlyList<string> All
        {
            get
            {
                lock (lines)
                {
                    return [.. lines];
                }
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (lines)
            {
                lines.Add($"{formatter(state, exception)} {exception}");
            }
        }

        public void Dispose()
        {
        }
    }
}
