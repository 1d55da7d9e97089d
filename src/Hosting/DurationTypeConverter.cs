using System.ComponentModel;
using System.Globalization;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Hosting;

/// <summary>Lets configuration write durations as our objects do: <c>10s</c> beside <c>00:00:10</c>; a bare number, which .NET takes for days, is refused.</summary>
internal sealed class DurationTypeConverter : TimeSpanConverter
{
    public override object? ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value)
    {
        if (value is not string text)
        {
            return base.ConvertFrom(context, culture, value);
        }

        return Duration.TryParse(text.Trim(), out var duration) ? duration : throw new FormatException($"'{text}' is no duration; write it as 250ms, 10s, 5m or 1h30m");
    }

    /// <summary>From now on, in this process.</summary>
    internal static void Register() => TypeDescriptor.AddAttributes(typeof(TimeSpan), new TypeConverterAttribute(typeof(DurationTypeConverter)));
}
