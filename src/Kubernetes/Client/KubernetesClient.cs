using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Kubernetes.Client;

/// <summary>The API server's endpoints that we use, for any kind of ours. One for a process; any number of threads.</summary>
/// <remarks>Every method throws <see cref="KubernetesException"/> when the server refuses or cannot be asked, after retries where the request may be repeated safely.</remarks>
public sealed partial class KubernetesClient : IDisposable
{
    private const int MostAttempts = 5;
    private const string MetadataOnly = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
    private const string MetadataOnlyList = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>A server that asks for more is told to whoever called, who has better to do than to wait here.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private readonly CurrentCredentials credentials;
    private readonly SocketsHttpHandler handler;
    private readonly HttpMessageInvoker http;
    private readonly TimeProvider time;
    private readonly ILogger<KubernetesClient> logger;
    private readonly Uri server;
    private readonly string userAgent;
    private readonly Meter meter;
    private readonly Counter<long> requests;
    private readonly Counter<long> retries;
    private readonly Counter<long> warnings;

    public KubernetesClient(KubernetesConfiguration configuration, TimeProvider time, ILogger<KubernetesClient> logger)
    {
        (Configuration, this.time, this.logger, userAgent) = (configuration, time, logger, configuration.UserAgent);
        server = configuration.Server.AbsoluteUri.EndsWith('/') ? configuration.Server : new Uri($"{configuration.Server.AbsoluteUri}/");
        credentials = new CurrentCredentials(configuration, time);
        handler = ClusterConnection.Handler(configuration, credentials);
        http = new HttpMessageInvoker(handler, disposeHandler: true);
        meter = new Meter("NetPulse.Kubernetes");
        requests = meter.CreateCounter<long>("netpulse_kubernetes_requests", description: "Requests to the API server, by method and the answer's code (0: none).");
        retries = meter.CreateCounter<long>("netpulse_kubernetes_retries", description: "Requests that were sent again after a refusal that may pass.");
        warnings = meter.CreateCounter<long>("netpulse_kubernetes_warnings", description: "Warnings that the API server sent with an answer.");
    }

    public KubernetesConfiguration Configuration { get; }

    /// <summary>Owner of the fields of writes that name nobody.</summary>
    public string FieldManager { get; init; } = "netpulse";

    public Task<T> ReadAsync<T>(string name, string @namespace = "", CancellationToken cancellationToken = default)
        where T : class, IResource<T> =>
        SendAsync<T>(HttpMethod.Get, T.Type.Path(Where<T>(@namespace), name), Accept<T>(isList: false), null, cancellationToken);

    /// <returns><see langword="null"/> when there is none of that name.</returns>
    public async Task<T?> FindAsync<T>(string name, string @namespace = "", CancellationToken cancellationToken = default)
        where T : class, IResource<T>
    {
        try
        {
            return await ReadAsync<T>(name, @namespace, cancellationToken);
        }
        catch (KubernetesException e) when (e.Fault is ApiFault.NotFound { Name.Length: > 0 })
        {
            return null;
        }
    }

    /// <summary>All objects of one moment, page by page. When the server forgets that moment midway, once more and in one answer.</summary>
    public async Task<ResourceList<T>> ListAsync<T>(ResourceQuery query, CancellationToken cancellationToken = default)
        where T : class, IResource<T>
    {
        var items = ImmutableArray.CreateBuilder<T>();
        var @continue = "";
        while (true)
        {
            ResourcePage<T> page;
            try
            {
                page = await ListPageAsync<T>(query, @continue, cancellationToken);
            }
            catch (KubernetesException e) when (e.Fault is ApiFault.Gone && @continue.Length > 0)
            {
                // The token that comes with the refusal would go on at another moment: a list of two halves.
                page = await ListPageAsync<T>(query with { PageSize = 0 }, "", cancellationToken);
                items.Clear();
            }

            items.AddRange(page.Items);
            if (page.Continue.Length == 0)
            {
                return new ResourceList<T>(items.DrainToImmutable(), page.ResourceVersion);
            }

            @continue = page.Continue;
        }
    }

    /// <param name="continue">Of the page before; empty for the first. The server does not notice one of another query.</param>
    public async Task<ResourcePage<T>> ListPageAsync<T>(ResourceQuery query, string @continue = "", CancellationToken cancellationToken = default)
        where T : class, IResource<T>
    {
        var path = $"{T.Type.Path(query.Namespace)}?{Parameters(query, query.PageSize > 0 ? ("limit", $"{query.PageSize}") : default, ("continue", @continue))}";
        var answer = await SendAsync<ListAnswer<T>>(HttpMethod.Get, path, Accept<T>(isList: true), null, cancellationToken);
        return new ResourcePage<T>([.. answer.Items], answer.Metadata.ResourceVersion, answer.Metadata.Continue, answer.Metadata.RemainingItemCount);
    }

    /// <summary>Changes from a version on, until the server ends the stream: by itself after <paramref name="timeout"/>, or when it stops.</summary>
    /// <param name="patience">Ends the stream with <see cref="ApiFault.Unreachable"/> when nothing comes for so long.</param>
    /// <param name="answered">Called once the server has taken the watch, which may be long before its first line.</param>
    /// <exception cref="KubernetesException">With <see cref="ApiFault.Gone"/>: the version is forgotten; list again.</exception>
    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceQuery query, string resourceVersion, TimeSpan timeout, WatchPatience patience, Action? answered = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        where T : class, IResource<T>
    {
        var path = $"{T.Type.Path(query.Namespace)}?{Parameters(query, ("watch", "1"), ("allowWatchBookmarks", "true"), ("resourceVersion", resourceVersion), ("timeoutSeconds", $"{(long)timeout.TotalSeconds}"))}";
        var operation = Operation(HttpMethod.Get, path);
        using var response = await OpenAsync(HttpMethod.Get, path, Accept<T>(isList: false), null, cancellationToken);
        answered?.Invoke();
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var idle = patience.Silence;
        await foreach (var line in WatchLines.ReadAsync(stream, operation, () => idle, time, cancellationToken))
        {
            var told = WatchLines.Parse<T>(line, operation);
            idle = told.Type == WatchEventType.Bookmark ? patience.AfterBookmark : idle;
            yield return told;
        }
    }

    /// <summary>Unknown fields are refused (<see cref="ApiFault.UnknownFields"/>); without that the server drops them and stores what nobody meant.</summary>
    public Task<T> CreateAsync<T>(T value, WriteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IResource<T> =>
        SendAsync<T>(HttpMethod.Post, $"{T.Type.Path(Where<T>(value.Metadata.Namespace))}?{Strictly(options)}", Accept<T>(isList: false), Body(value), cancellationToken);

    /// <summary>Asks a question that the server answers at once.</summary>
    public Task<TReview> ReviewAsync<TReview>(TReview review, CancellationToken cancellationToken = default)
        where TReview : class, IReview<TReview> =>
        SendAsync<TReview>(HttpMethod.Post, TReview.Type.Path(""), "application/json", new JsonBody("application/json", JsonSerializer.SerializeToUtf8Bytes(review, KubernetesJson.TypeOf<TReview>())), cancellationToken);

    /// <summary>The whole object, if it is still the version that was read.</summary>
    /// <exception cref="ArgumentException">It has no resource version: that would overwrite whatever is there.</exception>
    public Task<T> ReplaceAsync<T>(T value, WriteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IWholeResource<T> => ReplaceAsync(value, "", options, cancellationToken);

    /// <summary>As <see cref="ReplaceAsync{T}(T, WriteOptions?, CancellationToken)"/>, of the status alone.</summary>
    /// <exception cref="ArgumentException">It has no resource version.</exception>
    public Task<T> ReplaceStatusAsync<T>(T value, WriteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IWholeResource<T> => ReplaceAsync(value, "status", options, cancellationToken);

    /// <summary>Server-side apply: the fields that are set become ours, those that we no longer set go. Creates the object when it is not there, unless a uid is set.</summary>
    /// <remarks>Safe to repeat. Status is left out.</remarks>
    public Task<T> ApplyAsync<T>(T value, WriteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IResource<T>
    {
        var intent = Intent(value);
        intent.Remove("status");
        return ApplyAsync(value, intent, "", options, cancellationToken);
    }

    /// <summary>As <see cref="ApplyAsync{T}(T, WriteOptions?, CancellationToken)"/>, of the status alone. The object must be there.</summary>
    public Task<T> ApplyStatusAsync<T>(T value, WriteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IResource<T>
    {
        var intent = Intent(value);
        var metadata = intent["metadata"]!.AsObject();
        foreach (var field in new[] { "labels", "annotations", "ownerReferences", "finalizers" })
        {
            metadata.Remove(field);
        }

        foreach (var field in intent.Select(static pair => pair.Key).Where(static key => key is not ("apiVersion" or "kind" or "metadata" or "status")).ToList())
        {
            intent.Remove(field);
        }

        return ApplyAsync(value, intent, "status", options, cancellationToken);
    }

    public Task<T> PatchAsync<T>(string name, string @namespace, ObjectPatch patch, WriteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IResource<T> => PatchAsync<T>(name, @namespace, "", patch, options, cancellationToken);

    public Task<T> PatchStatusAsync<T>(string name, string @namespace, ObjectPatch patch, WriteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IResource<T> => PatchAsync<T>(name, @namespace, "status", patch, options, cancellationToken);

    public async Task DeleteAsync<T>(string name, string @namespace = "", DeleteOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IResource<T>
    {
        // A kind without finalizers answers a Status, others the object on its way out: neither is needed.
        var body = JsonSerializer.SerializeToUtf8Bytes(DeleteBody.Of(options ?? DeleteOptions.Default), KubernetesJson.TypeOf<DeleteBody>());
        using var response = await OpenAsync(HttpMethod.Delete, T.Type.Path(Where<T>(@namespace), name), "application/json", new JsonBody("application/json", body), cancellationToken);
    }

    /// <summary>Any other address of the server, as <c>readyz?verbose</c> or <c>version</c>.</summary>
    /// <param name="path">Without a leading slash.</param>
    public async Task<string> ReadTextAsync(string path, CancellationToken cancellationToken = default)
    {
        using var response = await OpenAsync(HttpMethod.Get, path, "*/*", null, cancellationToken);
        return Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync(cancellationToken));
    }

    public void Dispose()
    {
        http.Dispose();
        handler.Dispose();
        credentials.Dispose();
        meter.Dispose();
    }

    private Task<T> ReplaceAsync<T>(T value, string subresource, WriteOptions? options, CancellationToken cancellationToken)
        where T : class, IWholeResource<T>
    {
        if (value.Metadata.ResourceVersion.Length == 0)
        {
            throw new ArgumentException($"{value.Kind} {value.Metadata.Name} has no resource version; read it first", nameof(value));
        }

        return SendAsync<T>(HttpMethod.Put, $"{T.Type.Path(Where<T>(value.Metadata.Namespace), value.Metadata.Name, subresource)}?{Strictly(options)}", Accept<T>(isList: false), Body(value), cancellationToken);
    }

    private Task<T> ApplyAsync<T>(T value, JsonObject intent, string subresource, WriteOptions? options, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        var chosen = options ?? WriteOptions.Default;
        var path = $"{T.Type.Path(Where<T>(value.Metadata.Namespace), value.Metadata.Name, subresource)}?{Query(Manager(chosen), DryRun(chosen), chosen.Force ? ("force", "true") : default)}";

        // JSON is YAML; the server takes either under this name.
        return SendAsync<T>(HttpMethod.Patch, path, Accept<T>(isList: false), new JsonBody("application/apply-patch+yaml", Utf8(intent)), cancellationToken);
    }

    private Task<T> PatchAsync<T>(string name, string @namespace, string subresource, ObjectPatch patch, WriteOptions? options, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        SendAsync<T>(HttpMethod.Patch, $"{T.Type.Path(Where<T>(@namespace), name, subresource)}?{Strictly(options)}", Accept<T>(isList: false), new JsonBody(patch.ContentType, Utf8(patch.Body)), cancellationToken);

    private async Task<T> SendAsync<T>(HttpMethod method, string path, string accept, JsonBody? body, CancellationToken cancellationToken)
        where T : class
    {
        using var response = await OpenAsync(method, path, accept, body, cancellationToken);
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(either.Token);
            return await JsonSerializer.DeserializeAsync(stream, KubernetesJson.TypeOf<T>(), either.Token)
                ?? throw new KubernetesException(Operation(method, path), new ApiFault.Garbled(), (int)response.StatusCode, "the answer is empty");
        }
        catch (Exception e) when (e is JsonException or InvalidDataException)
        {
            // Not JSON, or not gzip though it says so.
            throw new KubernetesException(Operation(method, path), new ApiFault.Garbled(), (int)response.StatusCode, $"the answer is no {typeof(T).Name}: {e.Message}", e);
        }
        catch (Exception e) when (IsConnectionFault(e, cancellationToken))
        {
            throw new KubernetesException(Operation(method, path), new ApiFault.Unreachable(), 0, $"the answer ended early: {e.Message}", e);
        }
    }

    /// <summary>A successful answer whose body is yet to be read.</summary>
    private async Task<HttpResponseMessage> OpenAsync(HttpMethod method, string path, string accept, JsonBody? body, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(10));
        var credentialsWereRenewed = false;
        var attempt = 0;
        while (true)
        {
            attempt++;
            KubernetesException refusal;
            try
            {
                return await OnceAsync(method, path, accept, body, cancellationToken);
            }
            catch (KubernetesException e)
            {
                refusal = e;
            }

            TimeSpan delay;
            if (refusal.Fault is ApiFault.Unauthorized && credentials.AreRenewable && !credentialsWereRenewed)
            {
                credentialsWereRenewed = true;
                credentials.Refuse();
                delay = TimeSpan.Zero;
            }
            else if (attempt < MostAttempts && MayRepeat(method, refusal, backoff) is { } wait && wait <= LongestWait)
            {
                delay = wait;
            }
            else
            {
                throw refusal;
            }

            retries.Add(1);
            LogRetry(delay.TotalSeconds, refusal.Message);
            await Task.Delay(delay, time, cancellationToken);
        }
    }

    /// <summary>How long to wait, or <see langword="null"/> where the request may not be sent again: it may have been carried out.</summary>
    private static TimeSpan? MayRepeat(HttpMethod method, KubernetesException refusal, Backoff backoff) => refusal.Fault switch
    {
        // Refused before anything was done, whatever the method.
        ApiFault.Throttled throttled => backoff.Next(throttled.Delay),
        ApiFault.Unavailable { Delay.Ticks: > 0 } unavailable => backoff.Next(unavailable.Delay),

        // Code 500 is mostly a fault of the request (recorded: list/bad-rv-500), which does not pass.
        ApiFault.Unavailable when method == HttpMethod.Get && refusal.Code is 502 or 503 or 504 => backoff.Next(),
        ApiFault.Unreachable when method == HttpMethod.Get && refusal.InnerException is not (KubeconfigException or OperationCanceledException) => backoff.Next(),
        _ => null,
    };

    private async Task<HttpResponseMessage> OnceAsync(HttpMethod method, string path, string accept, JsonBody? body, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        using var request = new HttpRequestMessage(method, new Uri(server, path)) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
        request.Headers.TryAddWithoutValidation("Accept", accept);
        request.Headers.TryAddWithoutValidation("User-Agent", userAgent);
        if (Configuration.TlsServerName.Length > 0)
        {
            // SocketsHttpHandler takes the name for TLS from here and overwrites SslOptions.TargetHost.
            request.Headers.Host = Configuration.TlsServerName;
        }

        if (body is not null)
        {
            request.Content = new ByteArrayContent(body.Bytes) { Headers = { ContentType = new MediaTypeHeaderValue(body.ContentType) } };
        }

        HttpResponseMessage? response = null;
        try
        {
            await credentials.AuthorizeAsync(request, either.Token);
            response = await http.SendAsync(request, either.Token);
            Count(method, (int)response.StatusCode);
            TellWarnings(response);
            if (response.IsSuccessStatusCode)
            {
                var opened = response;
                response = null;
                return opened;
            }

            var answer = await response.Content.ReadAsByteArrayAsync(either.Token);
            throw StatusReader.Read(Operation(method, path), response.StatusCode, answer, StatusReader.RetryAfter(response, time), body?.ContentType == "application/json-patch+json");
        }
        catch (Exception e) when (IsConnectionFault(e, cancellationToken))
        {
            Count(method, 0);
            var said = e is OperationCanceledException ? $"no answer within {Duration.Format(Patience)}" : e.InnerException is { } inner ? $"{e.Message} {inner.Message}" : e.Message;
            throw new KubernetesException(Operation(method, path), new ApiFault.Unreachable(), 0, $"{server}: {said}", e);
        }
        finally
        {
            response?.Dispose();
        }
    }

    private static bool IsConnectionFault(Exception e, CancellationToken cancellationToken) =>
        e is HttpRequestException or KubeconfigException or InvalidDataException || (e is IOException and not KubernetesException) || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private void Count(HttpMethod method, int code) => requests.Add(1, new KeyValuePair<string, object?>("method", method.Method), new KeyValuePair<string, object?>("code", code));

    private void TellWarnings(HttpResponseMessage response)
    {
        foreach (var warning in response.Headers.Warning)
        {
            warnings.Add(1);
            LogServerWarning(warning.Text);
        }
    }

    private string Where<T>(string @namespace)
        where T : class, IResource<T> =>
        !T.Type.IsNamespaced || @namespace.Length > 0 ? @namespace : Configuration.Namespace;

    private static string Accept<T>(bool isList)
        where T : class, IResource<T> =>
        !T.Type.IsMetadataOnly ? "application/json" : isList ? MetadataOnlyList : MetadataOnly;

    private static JsonBody Body<T>(T value) => new("application/json", JsonSerializer.SerializeToUtf8Bytes(value, KubernetesJson.TypeOf<T>()));

    /// <summary>What we want to say of an object, without what only the server says.</summary>
    private static JsonObject Intent<T>(T value)
    {
        var intent = JsonSerializer.SerializeToNode(value, KubernetesJson.TypeOf<T>())!.AsObject();
        var metadata = intent["metadata"]!.AsObject();
        foreach (var field in new[] { "generation", "creationTimestamp", "deletionTimestamp" })
        {
            metadata.Remove(field);
        }

        return intent;
    }

    private static byte[] Utf8(JsonNode node) => JsonSerializer.SerializeToUtf8Bytes(node, KubernetesJson.TypeOf<JsonNode>());

    private string Strictly(WriteOptions? options)
    {
        var chosen = options ?? WriteOptions.Default;
        return Query(("fieldValidation", "Strict"), Manager(chosen), DryRun(chosen));
    }

    private (string Name, string Value) Manager(WriteOptions options) => ("fieldManager", options.FieldManager.Length > 0 ? options.FieldManager : FieldManager);

    private static (string Name, string Value) DryRun(WriteOptions options) => options.IsDryRun ? ("dryRun", "All") : default;

    private static string Parameters(ResourceQuery query, params ReadOnlySpan<(string Name, string Value)> others) =>
        Query([("labelSelector", query.LabelSelector), ("fieldSelector", query.FieldSelector), .. others]);

    private static string Query(params IEnumerable<(string Name, string Value)> parameters) =>
        string.Join('&', parameters.Where(static p => !string.IsNullOrEmpty(p.Value)).Select(static p => $"{p.Name}={Uri.EscapeDataString(p.Value)}"));

    /// <summary>For people: method and path, without what a token or selector would add.</summary>
    private static string Operation(HttpMethod method, string path) => $"{method} /{path.Split('?')[0]}";

    [LoggerMessage(Level = LogLevel.Debug, Message = "Tried again in {Seconds:F1} s: {Refusal}")]
    private partial void LogRetry(double seconds, string refusal);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The API server warns: {Warning}")]
    private partial void LogServerWarning(string warning);

    private sealed record JsonBody(string ContentType, byte[] Bytes);
}
