using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Labels as the log and the day files hold them: how many, then each name and value as a length and UTF-8.</summary>
internal static class LabelSetCodec
{
    public static void Write(WireWriter writer, LabelSet labels)
    {
        writer.Varint((ulong)labels.Labels.Length);
        foreach (var label in labels.Labels)
        {
            writer.Text(label.Name);
            writer.Text(label.Value);
        }
    }

    /// <exception cref="FormatException">The bytes are no labels.</exception>
    public static LabelSet Read(ref WireReader reader)
    {
        var labels = new Label[reader.CountOfRest()];
        for (var i = 0; i < labels.Length; i++)
        {
            labels[i] = new Label(reader.Text(), reader.Text());
        }

        try
        {
            return LabelSet.From(labels);
        }
        catch (ArgumentException e)
        {
            throw new FormatException(e.Message, e);
        }
    }
}
