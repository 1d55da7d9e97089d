using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Proposals;

namespace NetPulse.Optimizer.Journal;

/// <summary>Reads journal entries, also those of versions that changed one sysctl of the receiving pod for the throughput of one edge.</summary>
internal static class EarlierEntries
{
    /// <exception cref="JsonException">It is no entry.</exception>
    public static JournalEntry? Read(ReadOnlySpan<byte> line, JsonSerializerOptions options)
    {
        // An earlier version had names of its own for when a value counts.
        if (line.IndexOf("\"takesEffect\":\"RunningConnections\""u8) >= 0 || line.IndexOf("\"takesEffect\":\"NewPods\""u8) >= 0)
        {
            return Read(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(line)
                .Replace("\"takesEffect\":\"RunningConnections\"", $"\"takesEffect\":\"{SysctlEffect.Live}\"", StringComparison.Ordinal)
                .Replace("\"takesEffect\":\"NewPods\"", $"\"takesEffect\":\"{SysctlEffect.NewNamespaces}\"", StringComparison.Ordinal)), options);
        }

        // Only a change names the edge that it was to help by itself.
        return line.IndexOf("\"edge\":{"u8) >= 0 && JsonNode.Parse(line) is JsonObject entry && entry["change"] is JsonObject change && change.ContainsKey("sysctl")
            ? Upgraded(entry, change, options)
            : JsonSerializer.Deserialize<JournalEntry>(line, options);
    }

    private static JournalEntry? Upgraded(JsonObject entry, JsonObject change, JsonSerializerOptions options)
    {
        var edge = Read<Edge>(change["edge"], options);
        change["workload"] = edge.Peer.Workload;
        change["writes"] = new JsonArray(JsonSerializer.SerializeToNode(
            new SysctlWrite(Read<string>(change["sysctl"], options), Read<string>(change["before"], options), Read<string>(change["after"], options)), options));
        change["objective"] = JsonSerializer.SerializeToNode(Objective.Throughput(edge), options);
        change["controls"] = JsonSerializer.SerializeToNode((change["controls"] as JsonArray ?? []).Select(control => Objective.Throughput(Read<Edge>(control, options))), options);
        change["expected"] = change["expected"]?["value"]?.DeepClone();
        change["takesEffect"] = JsonSerializer.SerializeToNode(SysctlEffect.NewConnections, options);
        foreach (var name in new[] { "edge", "sysctl", "before", "after" })
        {
            change.Remove(name);
        }

        return entry.Deserialize<JournalEntry>(options);
    }

    private static T Read<T>(JsonNode? node, JsonSerializerOptions options)
        where T : class => node.Deserialize<T>(options) ?? throw new JsonException("a change of an earlier version lacks a field");
}
