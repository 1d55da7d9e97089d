using System.Globalization;
using System.Text;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Store.Influx;

/// <summary>Samples as line protocol: the metric's name is the measurement, labels are tags, the one field is <c>value</c>; times in milliseconds.</summary>
/// <remarks>A line break in a label is written behind a backslash, which InfluxDB takes and gives back with it: <see cref="Text"/> takes it off.</remarks>
public static class LineProtocolEncoder
{
    public const string Field = "value";

    private const string Special = ",= \n";

    /// <summary>
    /// What line protocol cannot hold is left out: NaN, infinities, with them the marker that a series ended, and labels with a backslash at the end or
    /// before a comma, an equals sign, a space or a line break.
    /// </summary>
    /// <param name="samples">Each with a name.</param>
    /// <param name="leftOut">How many were.</param>
    public static byte[] Encode(IEnumerable<Sample> samples, out int leftOut)
    {
        var lines = new StringBuilder();
        leftOut = 0;
        foreach (var sample in samples)
        {
            if (!double.IsFinite(sample.Value) || !sample.Labels.Labels.All(static label => IsWritable(label.Name) && IsWritable(label.Value)))
            {
                leftOut++;
                continue;
            }

            Write(lines, sample.Labels.Name);
            foreach (var label in sample.Labels.Labels)
            {
                if (label.Name != LabelSet.MetricName)
                {
                    Write(lines.Append(','), label.Name);
                    Write(lines.Append('='), label.Value);
                }
            }

            lines.Append(' ').Append(Field).Append('=').Append(sample.Value.ToString("R", CultureInfo.InvariantCulture)).Append(' ').Append(sample.UnixMilliseconds).Append('\n');
        }

        return Encoding.UTF8.GetBytes(lines.ToString());
    }

    /// <summary>What a tag that was written here means.</summary>
    public static string Text(string tag) => tag.Replace("\\\n", "\n", StringComparison.Ordinal);

    private static bool IsWritable(string text)
    {
        for (var i = text.IndexOf('\\', StringComparison.Ordinal); i >= 0; i = text.IndexOf('\\', i + 1))
        {
            if (i + 1 == text.Length || Special.Contains(text[i + 1], StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }

    private static void Write(StringBuilder lines, string text)
    {
        foreach (var c in text)
        {
            lines.Append(Special.Contains(c, StringComparison.Ordinal) ? "\\" : "").Append(c);
        }
    }
}
