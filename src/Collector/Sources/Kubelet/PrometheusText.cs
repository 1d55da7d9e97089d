using System.Buffers.Text;
using System.Globalization;
using System.Text;
using NetPulse.Collector.Sources.Proc;

namespace NetPulse.Collector.Sources.Kubelet;

/// <summary>One line of the Prometheus text format 0.0.4.</summary>
/// <param name="At"><see langword="null"/> where the line has no time.</param>
public sealed record PrometheusLine(string Name, IReadOnlyDictionary<string, string> Labels, double Value, DateTimeOffset? At);

/// <summary>Reads chosen metrics of the Prometheus text format 0.0.4, as the kubelet writes it.</summary>
public static class PrometheusText
{
    /// <param name="isWanted">Whether a metric is read; the others cost no more than their name.</param>
    /// <exception cref="FormatException">A line of a wanted metric is none of that format.</exception>
    public static IEnumerable<PrometheusLine> Read(byte[] text, Func<string, bool> isWanted)
    {
        // The lines of one metric follow each other.
        var name = "";
        var isNameWanted = false;
        for (var at = 0; at < text.Length;)
        {
            var length = text.AsSpan(at).IndexOf((byte)'\n');
            var line = (Begin: at, Length: length < 0 ? text.Length - at : length);
            at += line.Length + 1;
            var nameLength = text.AsSpan(line.Begin, line.Length).IndexOfAny((byte)'{', (byte)' ');
            if (nameLength <= 0 || text[line.Begin] == (byte)'#')
            {
                continue;
            }

            if (!IsSame(text.AsSpan(line.Begin, nameLength), name))
            {
                name = Encoding.UTF8.GetString(text, line.Begin, nameLength);
                isNameWanted = isWanted(name);
            }

            if (isNameWanted)
            {
                yield return Parse(name, text.AsSpan(line.Begin + nameLength, line.Length - nameLength));
            }
        }
    }

    private static bool IsSame(ReadOnlySpan<byte> bytes, string name) => Ascii.Equals(bytes, name);

    private static PrometheusLine Parse(string name, ReadOnlySpan<byte> rest)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        if (rest[0] == (byte)'{')
        {
            rest = ParseLabels(rest[1..], labels);
        }

        var words = new ByteWords(rest);
        var number = words.Next();
        var time = words.Next();
        return !double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            ? throw new FormatException($"{name}: {ByteText.BeginningOf(number)} is no number")
            : new PrometheusLine(name, labels, value, time.IsEmpty ? null : TimeOf(time));
    }

    private static DateTimeOffset TimeOf(ReadOnlySpan<byte> word) =>
        Utf8Parser.TryParse(word, out long milliseconds, out var used) && used == word.Length
        && milliseconds >= 0 && milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : throw new FormatException($"{ByteText.BeginningOf(word)} is no time");

    /// <returns>What follows the closing brace.</returns>
    private static ReadOnlySpan<byte> ParseLabels(ReadOnlySpan<byte> rest, Dictionary<string, string> labels)
    {
        while (true)
        {
            rest = rest.TrimStart(", "u8);
            if (rest.IsEmpty)
            {
                throw new FormatException("A list of labels does not end");
            }

            if (rest[0] == (byte)'}')
            {
                return rest[1..];
            }

            var equals = rest.IndexOf("=\""u8);
            if (equals <= 0)
            {
                throw new FormatException($"No label: {ByteText.BeginningOf(rest)}");
            }

            var label = ByteText.Of(rest[..equals]);
            rest = rest[(equals + 2)..];
            var value = new List<byte>();
            while (true)
            {
                var stop = rest.IndexOfAny((byte)'"', (byte)'\\');
                if (stop < 0 || (rest[stop] == (byte)'\\' && stop + 1 == rest.Length))
                {
                    throw new FormatException($"The value of label {label} does not end");
                }

                value.AddRange(rest[..stop]);
                if (rest[stop] == (byte)'"')
                {
                    rest = rest[(stop + 1)..];
                    break;
                }

                value.Add(rest[stop + 1] == (byte)'n' ? (byte)'\n' : rest[stop + 1]);
                rest = rest[(stop + 2)..];
            }

            labels[label] = Encoding.UTF8.GetString([.. value]);
        }
    }
}
