using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Watching;

// Memory and time of a shared cache of pods, from the JSON that a real API server sends; the number of pods may be given.
const int PodsPerNode = 30;
var count = args.Length > 0 ? int.Parse(args[0]) : 10_000;
using var recorded = typeof(Program).Assembly.GetManifestResourceStream("pods.json")!;
var templates = JsonNode.Parse(recorded)!["items"]!.AsArray().Select(static p => p!.AsObject()).ToList();

// The first once more before it counts: the compiler's time is not ours.
_ = Measure<Pod>(100);
_ = Measure<PartialObject<Pod>>(100);
Console.WriteLine($"{count} pods, {templates.Average(static t => t.ToJsonString().Length):F0} bytes of JSON each");
Console.WriteLine($"whole pods, three indexes:   {Measure<Pod>(count)}");
Console.WriteLine($"metadata only, three indexes: {Measure<PartialObject<Pod>>(count)}");

string Measure<T>(int pods)
    where T : class, IResource<T>
{
    var cache = new ResourceCache<T>(
        new ResourceIndex<T>("node", static value => value is Pod pod ? [pod.Spec.NodeName] : []),
        ResourceIndexes.Owner<T>(),
        ResourceIndexes.Label<T>("app"));
    cache.Take(new ResourceChange<T>.Listed([]));
#pragma warning disable S1215 // The heap after a full collection is what this benchmark measures.
    var before = GC.GetTotalMemory(forceFullCollection: true);
    var parsing = TimeSpan.Zero;
    for (var i = 0; i < pods; i++)
    {
        var utf8 = JsonSerializer.SerializeToUtf8Bytes(Renamed(templates[i % templates.Count], i));
        var start = Stopwatch.GetTimestamp();
        var value = JsonSerializer.Deserialize(utf8, KubernetesJson.TypeOf<T>())!;
        cache.Take(new ResourceChange<T>.Stored(value));
        parsing += Stopwatch.GetElapsedTime(start);
    }

    var after = GC.GetTotalMemory(forceFullCollection: true);
#pragma warning restore S1215
    GC.KeepAlive(cache);
    return $"{(after - before) / 1048576.0:F1} MiB, {(after - before) / (double)pods:F0} bytes a pod; {parsing.TotalMicroseconds / pods:F0} us to read and index one";
}

static JsonObject Renamed(JsonObject template, int index)
{
    var pod = template.DeepClone().AsObject();
    var metadata = pod["metadata"]!.AsObject();
    metadata["name"] = $"app-{index / 8}-7745ddd44c-{index:x5}";
    metadata["namespace"] = $"team-{index % 100}";
    metadata["uid"] = new Guid(index, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10).ToString();
    metadata["resourceVersion"] = $"{100_000 + index}";
    pod["spec"]!["nodeName"] = $"node-{index / PodsPerNode}";
    pod["status"]!["podIP"] = $"10.{(index >> 16) & 255}.{(index >> 8) & 255}.{index & 255}";
    pod["status"]!["podIPs"] = new JsonArray(new JsonObject { ["ip"] = pod["status"]!["podIP"]!.ToString() });
    return pod;
}
