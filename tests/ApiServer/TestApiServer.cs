using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Files;

namespace NetPulse.ApiServer;

/// <summary>A request as it came.</summary>
/// <param name="Target">Path with query.</param>
public sealed record SeenRequest(string Method, string Target, string Protocol, IReadOnlyDictionary<string, string> Headers);

/// <summary>An API server in this process, on loopback: it answers as the recordings of a real one do, and fails on demand as real ones do.</summary>
public sealed class TestApiServer : IAsyncDisposable
{
    /// <summary>Shorter answers are not compressed, whatever the client takes.</summary>
    private const int CompressedFromBytes = 128 * 1024;

    private readonly ObjectStorage storage = new();
    private readonly ConcurrentDictionary<OpenWatch, bool> watches = new();
    private readonly ConcurrentQueue<SeenRequest> seen = new();
    private readonly ConcurrentDictionary<(string Verb, string Resource), bool> denied = new();
    private readonly ConcurrentQueue<Func<HttpContext, Task>> refusals = new();
    private readonly Dictionary<string, ServedResource> resources = BuiltIn.All.ToDictionary(static r => $"{r.Prefix}/{r.Plural}", StringComparer.Ordinal);
    private readonly TestCertificates? certificates;
    private readonly Reading reading;
    private readonly Writing writing;
    private WebApplication? app;
    private int port;

    private TestApiServer(bool isTls, TimeProvider time)
    {
        certificates = isTls ? new TestCertificates() : null;
        Time = time;
        (reading, writing) = (new Reading(storage, this), new Writing(storage, this));
        foreach (var name in new[] { "default", "kube-system" })
        {
            Add("v1", "namespaces", new JsonObject { ["metadata"] = new JsonObject { ["name"] = name } });
        }
    }

    /// <summary>Between two bookmarks; a minute on a real server.</summary>
    public TimeSpan BookmarkEvery { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Nothing is sent on watches, though they stay open: a peer that hangs.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Token to user. While empty anybody is let in.</summary>
    public ConcurrentDictionary<string, string> Tokens { get; } = new(StringComparer.Ordinal);

    /// <summary>What everybody's roles allow, but for what is denied; while empty nobody can list them.</summary>
    public IReadOnlyCollection<(string Verb, string Group, string Resource)> Granted { get; set; } = [];

    /// <summary>Only who shows a certificate of <see cref="Certificates"/> is let in; his user is its common name.</summary>
    public bool DemandsClientCertificate { get; set; }

    public TestCertificates Certificates => certificates ?? throw new InvalidOperationException("the server was started without TLS");

    public IReadOnlyCollection<SeenRequest> Seen => seen;

    public int OpenWatches => watches.Count;

    public Uri Address => new($"{(certificates is null ? "http" : "https")}://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}");

    internal TimeProvider Time { get; }

    /// <param name="time">Of timestamps and bookmarks.</param>
    public static async Task<TestApiServer> StartAsync(bool isTls = false, TimeProvider? time = null)
    {
        var server = new TestApiServer(isTls, time ?? TimeProvider.System);
        await server.ListenAsync();
        return server;
    }

    /// <summary>For a client that is let in.</summary>
    public KubernetesConfiguration Configuration() => new()
    {
        Server = Address,
        CertificateAuthority = certificates is null ? null : new PemSource("", certificates.AuthorityPem),
        UserAgent = "netpulse-test/1",
    };

    /// <summary>Creates an object as if a controller did, without the checks of the address; the namespace too where it is missing.</summary>
    public JsonObject Add(string apiVersion, string plural, JsonObject value)
    {
        var resource = Resource(apiVersion, plural);
        lock (storage.Gate)
        {
            var stored = value.DeepClone().AsObject();
            (stored["kind"], stored["apiVersion"]) = (resource.Kind, resource.ApiVersion);
            var metadata = (stored["metadata"] ??= new JsonObject()).AsObject();
            var (@namespace, name) = ObjectStorage.NameOf(stored);
            if (resource.IsNamespaced && storage.Find(BuiltIn.Namespaces, "", @namespace) is null)
            {
                Add("v1", "namespaces", new JsonObject { ["metadata"] = new JsonObject { ["name"] = @namespace } });
            }

            metadata["uid"] = storage.Find(resource, @namespace, name)?["metadata"]!["uid"]?.DeepClone() ?? metadata["uid"]?.DeepClone() ?? Guid.NewGuid().ToString();
            metadata["creationTimestamp"] ??= "2026-01-01T00:00:00Z";
            resource.Check(stored, null, []);
            return storage.Store(resource, stored).DeepClone().AsObject();
        }
    }

    public void Remove(string apiVersion, string plural, string name, string @namespace = "")
    {
        var resource = Resource(apiVersion, plural);
        lock (storage.Gate)
        {
            storage.Delete(resource, storage.Find(resource, @namespace, name) ?? throw new KeyNotFoundException(name));
        }
    }

    /// <returns>As stored, with its managed fields; <see langword="null"/> when there is none.</returns>
    public JsonObject? Find(string apiVersion, string plural, string name, string @namespace = "")
    {
        lock (storage.Gate)
        {
            return storage.Find(Resource(apiVersion, plural), @namespace, name)?.DeepClone().AsObject();
        }
    }

    /// <returns>Each of a kind, as stored.</returns>
    public IReadOnlyList<JsonObject> All(string apiVersion, string plural)
    {
        lock (storage.Gate)
        {
            return [.. storage.All(Resource(apiVersion, plural), "").Select(static each => each.DeepClone().AsObject())];
        }
    }

    /// <summary>Serves the kind of a CustomResourceDefinition's file.</summary>
    public void Define(string file) => Add("apiextensions.k8s.io/v1", "customresourcedefinitions", Established(YamlDocument.Parse(file, File.ReadAllText(file)).Root));

    /// <summary>Serves our own kinds, as deploy/crds defines them.</summary>
    public void DefineOurs()
    {
        foreach (var file in OurDefinitions)
        {
            Define(file);
        }
    }

    /// <summary>The files of deploy/crds.</summary>
    public static IReadOnlyList<string> OurDefinitions => [.. Directory.EnumerateFiles(Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "../../deploy/crds")), "*.yaml").Where(static file => !file.EndsWith("kustomization.yaml", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>From now on the verb is forbidden on the resource, as <c>pods</c> or <c>nodetunings/status</c>.</summary>
    public void Deny(string verb, string resource) => denied[(verb, resource)] = true;

    public void Allow(string verb, string resource) => denied.TryRemove((verb, resource), out _);

    /// <summary>The next requests are refused as Priority and Fairness does: plain text and a delay.</summary>
    public void Throttle(int requests, int retryAfterSeconds) => Refuse(requests, async http =>
    {
        http.Response.StatusCode = 429;
        http.Response.Headers.RetryAfter = retryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        await TextAsync(http, "Too many requests, please try again later.\n");
    });

    /// <summary>The next requests are answered with this, sent as it is whatever the encoding that is named.</summary>
    public void Refuse(int requests, int code, string text, string encoding = "") => Refuse(requests, async http =>
    {
        http.Response.StatusCode = code;
        if (encoding.Length > 0)
        {
            http.Response.Headers.ContentEncoding = encoding;
        }

        await TextAsync(http, text);
    });

    /// <summary>The next requests end without an answer.</summary>
    public void Drop(int requests) => Refuse(requests, static http =>
    {
        http.Abort();
        return Task.CompletedTask;
    });

    /// <summary>Requests that are carried out and whose answer never arrives.</summary>
    public Predicate<SeenRequest> LosesAnswer { get; set; } = static _ => false;

    /// <summary>How long a request waits before anything is done about it.</summary>
    public Func<SeenRequest, TimeSpan> Hesitates { get; set; } = static _ => TimeSpan.Zero;

    /// <summary>Versions until now are unknown, as after a compaction.</summary>
    public void Forget()
    {
        lock (storage.Gate)
        {
            storage.Forget();
        }
    }

    /// <summary>Ends each open watch in good order; of one kind where its plural is given.</summary>
    public async Task EndWatchesAsync(string plural = "")
    {
        foreach (var watch in watches.Keys.Where(each => each.Path.EndsWith(plural, StringComparison.Ordinal)))
        {
            await watch.CancelAsync();
        }
    }

    /// <summary>Breaks each open watch off, in the middle of a line.</summary>
    public async Task BreakWatchesAsync()
    {
        foreach (var watch in watches.Keys)
        {
            await watch.BreakAsync();
        }
    }

    /// <summary>Stops, forgets its history as a real one does, and listens again at the same address.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        Forget();
        await ListenAsync();
    }

    public async Task StopAsync()
    {
        await EndWatchesAsync();
        if (app is { } running)
        {
            app = null;
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            await running.StopAsync(patience.Token);
            await running.DisposeAsync();
        }
    }

    public async Task ListenAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen =>
        {
            if (certificates is not null)
            {
                listen.UseHttps(https =>
                {
                    https.ServerCertificate = certificates.Server;
                    https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                    https.AllowAnyClientCertificate();
                });
            }
        }));
        app = builder.Build();
        app.Run(AnswerAsync);
        await app.StartAsync();
        port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        certificates?.Dispose();
    }

    internal OpenWatch BeginWatch(HttpContext http)
    {
        var watch = new OpenWatch(http, w => watches.TryRemove(w, out _));
        watches[watch] = true;
        return watch;
    }

    /// <summary>A definition that was stored becomes a kind that is served.</summary>
    internal JsonObject Stored(ServedResource resource, JsonObject value)
    {
        if (resource == BuiltIn.Definitions)
        {
            Serve(value);
        }

        return value;
    }

    internal void DemandAllowed(ApiRequest request, string verb)
    {
        var called = request.Subresource.Length > 0 ? $"{request.Resource.Plural}/{request.Subresource}" : request.Resource.Plural;
        if (denied.ContainsKey((verb, called)))
        {
            throw RefusalException.Forbidden(request.User, verb, request.Resource, request.Subresource, request.Namespace, request.Name);
        }
    }

    private static string ThisFile([CallerFilePath] string here = "") => here;

    private void Refuse(int requests, Func<HttpContext, Task> answer)
    {
        for (var i = 0; i < requests; i++)
        {
            refusals.Enqueue(answer);
        }
    }

    private JsonObject Established(JsonObject definition)
    {
        Serve(definition);
        return definition;
    }

    private void Serve(JsonObject definition)
    {
        var spec = definition["spec"]!;
        foreach (var version in spec["versions"]!.AsArray().Select(static v => v!.AsObject()).Where(static v => v["served"]!.GetValue<bool>()))
        {
            var resource = new ServedResource(spec["group"].Text(), version["name"].Text(), spec["names"]!["plural"].Text(), spec["names"]!["kind"].Text(), spec["scope"].Text() == "Namespaced")
            {
                IsCustom = true,
                HasStatus = version["subresources"]?["status"] is not null,
                HasGeneration = true,
                Schema = new Schema(version["schema"]!["openAPIV3Schema"]!.DeepClone().AsObject()),
                ShortNames = [.. (spec["names"]!["shortNames"] as JsonArray ?? []).Select(static n => n.Text())],
            };
            lock (storage.Gate)
            {
                resources[$"{resource.Prefix}/{resource.Plural}"] = resource;
            }
        }
    }

    private ServedResource Resource(string apiVersion, string plural) =>
        resources[$"{(apiVersion.Contains('/', StringComparison.Ordinal) ? "/apis" : "/api")}/{apiVersion}/{plural}"];

    private async Task AnswerAsync(HttpContext http)
    {
        var request = new SeenRequest(
            http.Request.Method, $"{http.Request.Path}{http.Request.QueryString}", http.Request.Protocol,
            http.Request.Headers.ToDictionary(static h => h.Key, static h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase));
        seen.Enqueue(request);
        try
        {
            await Task.Delay(Hesitates(request), http.RequestAborted);
            if (LosesAnswer(request))
            {
                http.Response.Body = Stream.Null;
                await RouteAsync(http, User(http));
                http.Abort();
                return;
            }

            if (refusals.TryDequeue(out var refusal))
            {
                await refusal(http);
                return;
            }

            await RouteAsync(http, User(http));
        }
        catch (RefusalException e)
        {
            if (e.RetryAfter > 0)
            {
                http.Response.Headers.RetryAfter = e.RetryAfter.ToString(CultureInfo.InvariantCulture);
            }

            await JsonAsync(http, e.Code, e.Status());
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client has gone.
        }
    }

    private async Task RouteAsync(HttpContext http, string user)
    {
        var path = http.Request.Path.Value!.TrimEnd('/');
        if (path is "/readyz" or "/livez" or "/healthz")
        {
            await TextAsync(http, "ok");
            return;
        }

        if (path == "/version")
        {
            await JsonAsync(http, 200, new JsonObject { ["major"] = "1", ["minor"] = "32", ["gitVersion"] = "v1.32.2", ["platform"] = "linux/amd64" });
            return;
        }

        if (Discovery.Answer(path, resources.Values) is { } discovered)
        {
            await JsonAsync(http, 200, discovered);
            return;
        }

        if (path.EndsWith("reviews", StringComparison.Ordinal))
        {
            DemandAllowed(user, "create", path);
            await JsonAsync(http, 201, Reviews.Answer(path, user, JsonNode.Parse(await BodyAsync(http))!.AsObject(), Tokens, Granted, denied) ?? throw RefusalException.NoSuchPath());
            return;
        }

        await ServeAsync(Request(http, path, user));
    }

    private void DemandAllowed(string user, string verb, string path)
    {
        if (path.Split('/') is [_, "apis", var group, var version, var plural] && denied.ContainsKey((verb, plural)))
        {
            throw RefusalException.Forbidden(user, verb, new ServedResource(group, version, plural, plural, false), "", "", "");
        }
    }

    private async Task ServeAsync(ApiRequest request)
    {
        DemandAllowed(request, request.Verb);
        if (request.IsWatch)
        {
            await reading.WatchAsync(request);
            return;
        }

        var body = await BodyAsync(request.Http);
        switch (request.Http.Request.Method)
        {
            case "GET":
                await JsonAsync(request.Http, 200, request.Name.Length > 0 ? reading.Get(request) : reading.List(request));
                break;
            case "POST" when request.Name.Length == 0:
                await WrittenAsync(request, writing.Create(request, body));
                break;
            case "PUT":
                await WrittenAsync(request, writing.Replace(request, body));
                break;
            case "PATCH":
                await WrittenAsync(request, writing.Patch(request, body));
                break;
            case "DELETE" when request.Name.Length > 0:
                await JsonAsync(request.Http, 200, writing.Delete(request, body));
                break;
            default:
                throw new RefusalException(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", []);
        }
    }

    /// <summary><c>/api/v1/namespaces/NS/pods/NAME/status</c> and the like.</summary>
    private ApiRequest Request(HttpContext http, string path, string user)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString).ToArray();
        var groupParts = parts.FirstOrDefault() == "apis" ? 3 : 2;
        if (parts.Length <= groupParts)
        {
            throw RefusalException.NoSuchPath();
        }

        var prefix = $"/{string.Join('/', parts[..groupParts])}";
        var rest = parts[groupParts..];
        var @namespace = "";
        if (rest is ["namespaces", var inside, _, ..] && rest[2] != "status")
        {
            (@namespace, rest) = (inside, rest[2..]);
        }

        var name = rest.ElementAtOrDefault(1) ?? "";
        var subresource = rest.ElementAtOrDefault(2) ?? "";
        return resources.TryGetValue($"{prefix}/{rest[0]}", out var resource) && rest.Length <= 3 && (subresource.Length == 0 || (subresource == "status" && resource.HasStatus))
            ? new ApiRequest(http, resource, @namespace, name, subresource, user)
            : throw RefusalException.NoSuchPath();
    }

    private string User(HttpContext http)
    {
        if (DemandsClientCertificate)
        {
            return http.Connection.ClientCertificate is { } shown && Certificates.IsOurs(shown)
                ? shown.GetNameInfo(X509NameType.SimpleName, forIssuer: false)
                : throw new RefusalException(401, "Unauthorized", "Unauthorized");
        }

        var header = http.Request.Headers.Authorization.ToString();
        if (Tokens.IsEmpty)
        {
            return "test-user";
        }

        return header.Length == 0 ? Anonymous(http)
            : Tokens.TryGetValue(header.Replace("Bearer ", "", StringComparison.Ordinal), out var user) ? user
            : throw new RefusalException(401, "Unauthorized", "Unauthorized");
    }

    /// <summary>No credentials are not 401: a role is missing for <c>system:anonymous</c>.</summary>
    private string Anonymous(HttpContext http)
    {
        var request = Request(http, http.Request.Path.Value!, "system:anonymous");
        throw RefusalException.Forbidden(request.User, request.Verb, request.Resource, request.Subresource, request.Namespace, request.Name);
    }

    private static async Task<byte[]> BodyAsync(HttpContext http)
    {
        using var copy = new MemoryStream();
        await http.Request.Body.CopyToAsync(copy, http.RequestAborted);
        return copy.ToArray();
    }

    private static async Task WrittenAsync(ApiRequest request, Writing.Written written)
    {
        foreach (var warning in written.Warnings)
        {
            request.Http.Response.Headers.Append("Warning", $"299 - \"{warning.Replace("\"", "\\\"", StringComparison.Ordinal)}\"");
        }

        await JsonAsync(request.Http, written.Code, request.View(written.Value));
    }

    private static async Task JsonAsync(HttpContext http, int code, JsonObject value)
    {
        var isCurl = http.Request.Headers.UserAgent.ToString().StartsWith("curl", StringComparison.Ordinal);
        var bytes = Encoding.UTF8.GetBytes(value.ToJsonString(isCurl ? Json.Indented : Json.Plain));
        http.Response.StatusCode = code;
        http.Response.ContentType = "application/json";
        if (bytes.Length < CompressedFromBytes || !http.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.Ordinal))
        {
            await http.Response.Body.WriteAsync(bytes, http.RequestAborted);
            return;
        }

        http.Response.Headers.ContentEncoding = "gzip";
        await using var gzip = new GZipStream(http.Response.Body, CompressionLevel.Fastest);
        await gzip.WriteAsync(bytes, http.RequestAborted);
    }

    private static async Task TextAsync(HttpContext http, string text)
    {
        http.Response.ContentType = "text/plain; charset=utf-8";
        await http.Response.WriteAsync(text, http.RequestAborted);
    }
}

/// <summary>A watch that a client holds open.</summary>
internal sealed class OpenWatch(HttpContext http, Action<OpenWatch> onClose) : IDisposable
{
    private readonly CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
    private bool isBroken;

    public string Path { get; } = http.Request.Path.Value!;

    public CancellationToken Ended => ended.Token;

    public async Task CancelAsync()
    {
        try
        {
            await ended.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // The client was faster.
        }
    }

    /// <summary>The end comes in the middle of a line.</summary>
    public async Task BreakAsync()
    {
        isBroken = true;
        await CancelAsync();
    }

    /// <summary>What is to be seen of the end.</summary>
    public async Task EndAsync()
    {
        if (isBroken)
        {
            await http.Response.WriteAsync("{\"type\":\"MODIFIED\",\"object\":{\"kind\":\"Pod\",\"apiVersi", CancellationToken.None);
            await http.Response.Body.FlushAsync(CancellationToken.None);
            http.Abort();
        }
    }

    public void Dispose()
    {
        onClose(this);
        ended.Dispose();
    }
}
