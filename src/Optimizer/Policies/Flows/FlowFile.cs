using System.Text.Json;
using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Files;
using NetPulse.Optimizer.Policies.Addresses;

namespace NetPulse.Optimizer.Policies.Flows;

/// <summary>
/// Flows as JSON, one a line:
/// <c>{"proto":"TCP","src":{"pod":"shop/web-0","ip":"10.0.0.4"},"dst":{"ip":"10.0.0.9"},"dstPort":80,"count":7,"firstSeen":"…","lastSeen":"…","verdict":"FORWARDED"}</c>.
/// </summary>
/// <remarks>An end names a pod, an address, or both. <c>srcPort</c>, <c>count</c> (1), the times and <c>verdict</c> may be absent.</remarks>
public static class FlowFile
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>A line that cannot be read is told in <paramref name="faults"/> and the others are still read.</summary>
    /// <exception cref="ObjectFileException">The file cannot be read.</exception>
    public static IEnumerable<ObservedFlow> Read(string path, ICollection<ObjectFileException> faults)
    {
        IEnumerable<string> lines;
        try
        {
            lines = File.ReadLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ObjectFileException(path, 0, "", $"cannot be read: {e.Message}", e);
        }

        var number = 0;
        foreach (var line in lines)
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            ObservedFlow? flow = null;
            try
            {
                flow = Parse(JsonSerializer.Deserialize<FlowLine>(line, Json) ?? throw new FormatException("is no flow"));
            }
            catch (Exception e) when (e is JsonException or FormatException)
            {
                faults.Add(new ObjectFileException(path, number, "", $"{e.Message}; expected a flow as {{\"proto\":\"TCP\",\"src\":{{\"pod\":\"ns/name\"}},\"dst\":{{\"ip\":\"192.0.2.1\"}},\"dstPort\":443}}", e));
            }

            if (flow is not null)
            {
                yield return flow;
            }
        }
    }

    /// <exception cref="FormatException">An end is neither a pod nor an address, or the port is none.</exception>
    /// <exception cref="JsonException">A field has another type.</exception>
    public static ObservedFlow Parse(JsonNode flow) => Parse(flow.Deserialize<FlowLine>(Json) ?? throw new FormatException("is no flow"));

    private static ObservedFlow Parse(FlowLine line)
    {
        if (line.DstPort is < 0 or > 65_535 || line.SrcPort is < 0 or > 65_535)
        {
            throw new FormatException($"{line.DstPort} or {line.SrcPort} is no port");
        }

        return new ObservedFlow(
            (line.Proto ?? "TCP").ToUpperInvariant(),
            End(line.Src, "src"),
            End(line.Dst, "dst"),
            line.SrcPort,
            line.DstPort,
            line.Count ?? 1,
            line.FirstSeen ?? line.LastSeen ?? default,
            line.LastSeen ?? line.FirstSeen ?? default,
            line.Verdict is null or "" or "FORWARDED" or "ALLOWED" or "AUDIT" ? FlowVerdict.Forwarded : FlowVerdict.Dropped);
    }

    private static FlowEnd End(EndLine? end, string field)
    {
        var isAddress = IpValue.TryParse(end?.Ip ?? "", out var address);
        if (!string.IsNullOrEmpty(end?.Ip) && !isAddress)
        {
            throw new FormatException($"{field}.ip: {end.Ip} is no address");
        }

        return isAddress || !string.IsNullOrEmpty(end?.Pod)
            ? new FlowEnd(end?.Pod ?? "", isAddress ? address : null)
            : throw new FormatException($"{field} names neither a pod nor an address");
    }

    private sealed record EndLine(string? Pod, string? Ip);

    private sealed record FlowLine(
        string? Proto, EndLine? Src, EndLine? Dst, int SrcPort, int DstPort, long? Count, DateTimeOffset? FirstSeen, DateTimeOffset? LastSeen, string? Verdict);
}
