using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace NetPulse.ApiServer;

/// <summary>get, list and watch.</summary>
internal sealed class Reading(ObjectStorage storage, TestApiServer server)
{
    private const string InitialEventsEnd = "k8s.io/initial-events-end";

    public JsonObject Get(ApiRequest request)
    {
        lock (storage.Gate)
        {
            return request.View(storage.Find(request.Resource, request.Namespace, request.Name) ?? throw RefusalException.NotFound(request.Resource, request.Name)).DeepClone().AsObject();
        }
    }

    public JsonObject List(ApiRequest request)
    {
        var selectors = request.Selectors;
        var limit = (int)(request.Query("limit") is { Length: > 0 } l ? long.Parse(l, CultureInfo.InvariantCulture) : 0);
        var asked = Version(request.Query("resourceVersion"));
        lock (storage.Gate)
        {
            if (asked > storage.Version)
            {
                throw new RefusalException(504, "Timeout", $"Timeout: Too large resource version: {asked}, current: {storage.Version}", new JsonObject { ["retryAfterSeconds"] = 1 }) { RetryAfter = 1 };
            }

            var (version, start) = (storage.Version, "");
            IReadOnlyList<JsonObject> moment;
            if (request.Query("continue") is { Length: > 0 } token)
            {
                (version, start) = Token(token);
                moment = version < 0 ? [.. storage.All(request.Resource, request.Namespace)] : storage.Moment(version) ?? throw TooOld(start);
                version = version < 0 ? storage.Version : version;
            }
            else if (request.Query("resourceVersionMatch") == "Exact" && asked < storage.Version)
            {
                moment = storage.Moment(asked) ?? throw new RefusalException(410, "Expired", "The resourceVersion for the provided list is too old.");
                version = asked;
            }
            else
            {
                moment = [.. storage.All(request.Resource, request.Namespace)];
                storage.Remember(version, moment);
            }

            // From the watch cache a limit is not kept.
            var isFromCache = request.Query("resourceVersion") == "0";
            var rest = moment.Where(selectors.Select).SkipWhile(o => start.Length > 0 && string.CompareOrdinal(KeyOf(o), start) <= 0).ToList();
            var page = limit > 0 && !isFromCache ? rest.Take(limit).ToList() : rest;
            var metadata = new JsonObject { ["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture) };
            if (page.Count < rest.Count)
            {
                metadata["continue"] = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{version}|{KeyOf(page[^1])}"));
                if (selectors.AreEmpty)
                {
                    metadata["remainingItemCount"] = rest.Count - page.Count;
                }
            }

            return new JsonObject
            {
                ["kind"] = request.WantsMetadataOnly ? "PartialObjectMetadataList" : $"{request.Resource.Kind}List",
                ["apiVersion"] = request.WantsMetadataOnly ? "meta.k8s.io/v1" : request.Resource.ApiVersion,
                ["metadata"] = metadata,
                ["items"] = new JsonArray([.. page.Select(o => Item(request, o))]),
            };
        }
    }

    public async Task WatchAsync(ApiRequest request)
    {
        if (request.Accept.Contains("as=Table", StringComparison.Ordinal) && !request.Accept.Contains(',', StringComparison.Ordinal))
        {
            throw new RefusalException(406, "NotAcceptable", "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf");
        }

        if (request.Flag("sendInitialEvents") && request.Query("resourceVersionMatch") != "NotOlderThan")
        {
            throw RefusalException.InvalidOptions("ListOptions", "resourceVersionMatch", "FieldValueForbidden", "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
        }

        var text = request.Query("resourceVersion");
        var version = Version(text);
        var selectors = request.Selectors;
        var wantsBookmarks = request.Flag("allowWatchBookmarks") && request.Resource.IsCached;
        var seconds = request.Query("timeoutSeconds") is { Length: > 0 } t ? double.Parse(t, CultureInfo.InvariantCulture) : 1800;
        using var watch = server.BeginWatch(request.Http);
        request.Http.Response.ContentType = "application/json";
        request.Http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await request.Http.Response.StartAsync(watch.Ended);

        // A real server's 200 comes at once, however long nothing happens then.
        await request.Http.Response.Body.FlushAsync(watch.Ended);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(watch.Ended);
        timeout.CancelAfter(TimeSpan.FromSeconds(seconds));
        try
        {
            if (text is "" or "0" || request.Flag("sendInitialEvents"))
            {
                version = await InitialAsync(request, selectors, wantsBookmarks);
            }
            else if (version < storage.Forgotten)
            {
                var gone = new RefusalException(410, "Expired", $"too old resource version: {version} ({storage.Forgotten})").Status();
                await LineAsync(request.Http, "ERROR", gone);
                return;
            }

            await FollowAsync(request, selectors, version, wantsBookmarks, timeout.Token);
        }
        catch (OperationCanceledException)
        {
            // Its time is over, the server stops, or the client has gone.
        }

        await watch.EndAsync();
    }

    private async Task<long> InitialAsync(ApiRequest request, Selectors selectors, bool wantsBookmarks)
    {
        List<JsonObject> items;
        long version;
        lock (storage.Gate)
        {
            items = [.. storage.All(request.Resource, request.Namespace).Where(selectors.Select).OrderBy(static o => o["metadata"]!["name"].Text(), StringComparer.Ordinal)];
            version = storage.Version;
        }

        foreach (var item in items)
        {
            await LineAsync(request.Http, "ADDED", request.View(item));
        }

        if (wantsBookmarks)
        {
            await BookmarkAsync(request, version, isInitialEnd: true);
        }

        return version;
    }

    private async Task FollowAsync(ApiRequest request, Selectors selectors, long version, bool wantsBookmarks, CancellationToken cancellationToken)
    {
        var bookmarkDue = server.Time.GetUtcNow() + server.BookmarkEvery;
        while (!cancellationToken.IsCancellationRequested)
        {
            Task changed;
            IReadOnlyList<Step> steps;
            lock (storage.Gate)
            {
                changed = storage.Changed;
                steps = server.IsSilent ? [] : storage.After(request.Resource, version);
            }

            foreach (var step in steps)
            {
                version = step.Version;
                if (Seen(step, request, selectors) is { } type)
                {
                    await LineAsync(request.Http, type, request.View(step.Value));
                }
            }

            var wait = bookmarkDue - server.Time.GetUtcNow();
            if (wantsBookmarks && !server.IsSilent && wait <= TimeSpan.Zero)
            {
                bookmarkDue = server.Time.GetUtcNow() + server.BookmarkEvery;
                await BookmarkAsync(request, Math.Max(version, storage.Version), isInitialEnd: false);
                continue;
            }

            using var idle = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var tick = Task.Delay(wait > TimeSpan.Zero ? wait : server.BookmarkEvery, server.Time, idle.Token);
            await Task.WhenAny(changed, tick);
            await idle.CancelAsync();
        }
    }

    /// <summary>What the change is to one who sees the selected objects only: one that leaves the selection is deleted for him.</summary>
    private static string? Seen(Step step, ApiRequest request, Selectors selectors)
    {
        if (request.Namespace.Length > 0 && step.Value["metadata"]!["namespace"].Text() != request.Namespace)
        {
            return null;
        }

        var (was, isNow) = (step.Before is { } before && selectors.Select(before), step.Type != "DELETED" && selectors.Select(step.Value));
        return (was, isNow) switch { (true, true) => "MODIFIED", (false, true) => "ADDED", (true, false) => "DELETED", _ => null };
    }

    private static async Task BookmarkAsync(ApiRequest request, long version, bool isInitialEnd)
    {
        var metadata = new JsonObject { ["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture), ["creationTimestamp"] = null };
        if (isInitialEnd)
        {
            metadata["annotations"] = new JsonObject { [InitialEventsEnd] = "true" };
        }

        // As Go writes an empty object.
        await LineAsync(request.Http, "BOOKMARK", new JsonObject { ["kind"] = request.Resource.Kind, ["apiVersion"] = request.Resource.ApiVersion, ["metadata"] = metadata, ["spec"] = new JsonObject { ["containers"] = null }, ["status"] = new JsonObject() });
    }

    private static async Task LineAsync(HttpContext http, string type, JsonObject value)
    {
        var line = new JsonObject { ["type"] = type, ["object"] = value.DeepClone() }.ToJsonString(Json.Plain);
        await http.Response.WriteAsync($"{line}\n", http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
    }

    /// <summary>Items of a list do not say their kind, but those that are only metadata do.</summary>
    private static JsonObject Item(ApiRequest request, JsonObject value)
    {
        var item = request.View(value).DeepClone().AsObject();
        if (!request.WantsMetadataOnly && !request.Resource.IsCustom)
        {
            item.Remove("kind");
            item.Remove("apiVersion");
        }

        return item;
    }

    private static RefusalException TooOld(string start) => new(
        410, "Expired", "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results.")
    {
        Continue = Convert.ToBase64String(Encoding.UTF8.GetBytes($"-1|{start}")),
    };

    private static (long Version, string Start) Token(string token)
    {
        try
        {
            var parts = Encoding.UTF8.GetString(Convert.FromBase64String(token)).Split('|', 2);
            return (long.Parse(parts[0], CultureInfo.InvariantCulture), parts[1]);
        }
        catch (Exception e) when (e is FormatException or IndexOutOfRangeException)
        {
            throw RefusalException.BadRequest("invalid continue token: continue key is not valid: invalid character looking for beginning of value");
        }
    }

    private static string KeyOf(JsonObject value) => $"{value["metadata"]!["namespace"].Text()}/{value["metadata"]!["name"].Text()}";

    private static long Version(string text) =>
        text.Length == 0 ? 0
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version
        : throw new RefusalException(500, "", $"resourceVersion: Invalid value: \"{text}\": strconv.ParseUint: parsing \"{text}\": invalid syntax");
}
