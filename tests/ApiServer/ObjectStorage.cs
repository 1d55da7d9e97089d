using System.Globalization;
using System.Text.Json.Nodes;

namespace NetPulse.ApiServer;

/// <summary>One step of an object's history.</summary>
/// <param name="Type"><c>ADDED</c>, <c>MODIFIED</c> or <c>DELETED</c>.</param>
/// <param name="Before">What was stored until then.</param>
internal sealed record Step(long Version, string Type, JsonObject Value, JsonObject? Before);

/// <summary>What etcd and the watch cache are to a real server: objects, one counter of versions for all, and a history that may be forgotten. Used under its gate.</summary>
internal sealed class ObjectStorage
{
    private readonly Dictionary<ServedResource, SortedDictionary<string, JsonObject>> objects = [];
    private readonly Dictionary<ServedResource, List<Step>> history = [];
    private readonly Dictionary<long, IReadOnlyList<JsonObject>> moments = [];
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Lock Gate { get; } = new();

    public long Version { get; private set; } = 1;

    /// <summary>Nothing before or at it is known.</summary>
    public long Forgotten { get; private set; }

    /// <summary>Completes with the next change of anything.</summary>
    public Task Changed => changed.Task;

    public JsonObject? Find(ServedResource resource, string @namespace, string name) => Of(resource).GetValueOrDefault(Key(@namespace, name));

    /// <summary>In the order of their keys, as etcd has them.</summary>
    public IEnumerable<JsonObject> All(ServedResource resource, string @namespace) =>
        @namespace.Length == 0 ? Of(resource).Values : Of(resource).Where(pair => pair.Key.StartsWith($"{@namespace}/", StringComparison.Ordinal)).Select(static pair => pair.Value);

    /// <summary>Stores a new version. The object given must not be used any more.</summary>
    public JsonObject Store(ServedResource resource, JsonObject value)
    {
        var (@namespace, name) = NameOf(value);
        var before = Find(resource, @namespace, name);
        value["metadata"]!["resourceVersion"] = Next();
        Of(resource)[Key(@namespace, name)] = value;
        Record(resource, new Step(Version, before is null ? "ADDED" : "MODIFIED", value, before));
        return value;
    }

    public void Delete(ServedResource resource, JsonObject value)
    {
        var (@namespace, name) = NameOf(value);
        Of(resource).Remove(Key(@namespace, name));

        // The deletion has a version of its own, which the last state carries.
        var last = value.DeepClone().AsObject();
        last["metadata"]!["resourceVersion"] = Next();
        Record(resource, new Step(Version, "DELETED", last, value));
    }

    /// <summary>Versions after one.</summary>
    public IReadOnlyList<Step> After(ServedResource resource, long version) => history.TryGetValue(resource, out var steps) ? [.. steps.Where(s => s.Version > version)] : [];

    /// <summary>Keeps a list for its further pages.</summary>
    public void Remember(long version, IReadOnlyList<JsonObject> moment) => moments.TryAdd(version, moment);

    public IReadOnlyList<JsonObject>? Moment(long version) => moments.GetValueOrDefault(version);

    /// <summary>As a compaction, or a restart: every version until now is unknown.</summary>
    public void Forget()
    {
        history.Clear();
        moments.Clear();

        // A server's own writes (its lease) move the version on: nobody's last version is the present one.
        Forgotten = ++Version;
    }

    public void Wake() => Interlocked.Exchange(ref changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    public static (string Namespace, string Name) NameOf(JsonObject value) => (value["metadata"]!["namespace"].Text(), value["metadata"]!["name"].Text());

    private SortedDictionary<string, JsonObject> Of(ServedResource resource)
    {
        if (!objects.TryGetValue(resource, out var found))
        {
            objects[resource] = found = new SortedDictionary<string, JsonObject>(StringComparer.Ordinal);
        }

        return found;
    }

    private void Record(ServedResource resource, Step step)
    {
        if (!history.TryGetValue(resource, out var steps))
        {
            history[resource] = steps = [];
        }

        steps.Add(step);
        Wake();
    }

    private string Next() => (++Version).ToString(CultureInfo.InvariantCulture);

    private static string Key(string @namespace, string name) => $"{@namespace}/{name}";
}
