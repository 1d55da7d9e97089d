using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NetPulse.Kubernetes.Files;

namespace NetPulse.Hosting;

/// <summary>Where a service's settings come from: a YAML file, over it the environment (<c>NETPULSE_Sampling__Interval</c>), over both the command line (<c>--Sampling:Interval=10s</c>).</summary>
public sealed class ServiceConfiguration
{
    private const string FileKey = "config";

    private readonly YamlDocument? file;

    private ServiceConfiguration(IConfiguration root, YamlDocument? file)
    {
        Root = root;
        this.file = file;
    }

    public IConfiguration Root { get; }

    /// <summary>Reads the file that <c>--config</c> or <c>NETPULSE_CONFIG</c> names; without one, defaults hold.</summary>
    /// <exception cref="ObjectFileException">The file is not there or is no YAML mapping.</exception>
    public static ServiceConfiguration Load(string[] args)
    {
        DurationTypeConverter.Register();
        var named = new ConfigurationBuilder().AddEnvironmentVariables("NETPULSE_").AddCommandLine(args).Build();
        var path = named[FileKey];
        if (string.IsNullOrEmpty(path))
        {
            return new ServiceConfiguration(named, null);
        }

        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ObjectFileException(path, 0, "", $"the configuration file cannot be read: {e.Message}", e);
        }

        var document = YamlDocument.Parse(path, text);
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        Flatten(document.Root, "", values);
        return new ServiceConfiguration(
            new ConfigurationBuilder().AddInMemoryCollection(values).AddEnvironmentVariables("NETPULSE_").AddCommandLine(args).Build(), document);
    }

    /// <summary>Binds and checks every section that was registered by <see cref="SettingsRegistration.AddSettings"/>.</summary>
    /// <exception cref="ObjectFileException">A value is out of its range, of another type, or of no known field or section.</exception>
    public void Check(IServiceProvider services)
    {
        var sections = services.GetServices<SettingsSection>().ToList();
        foreach (var section in sections)
        {
            try
            {
                section.Bind(services);
            }
            catch (OptionsValidationException e)
            {
                throw Fault(section, FieldOf(e.Failures.First()), e.Failures.First(), e);
            }
            catch (InvalidOperationException e)
            {
                throw Fault(section, FieldOf(e.Message), e.InnerException?.Message is { } inner ? $"{inner} ({e.Message})" : e.Message, e);
            }
        }

        foreach (var (key, _) in file?.Root ?? [])
        {
            if (!sections.Exists(s => string.Equals(s.Name, key, StringComparison.OrdinalIgnoreCase)))
            {
                throw new ObjectFileException(file!.File, file.LineOf(key), key, $"is not a known section; known are {string.Join(", ", sections.Select(s => s.Name))}");
            }
        }
    }

    private ObjectFileException Fault(SettingsSection section, string field, string problem, Exception cause)
    {
        var path = field.Length == 0 ? section.Name : $"{section.Name}.{field}";
        return new ObjectFileException(file?.File ?? "configuration (environment, command line)", file?.LineOf(path) ?? 0, path, problem, cause);
    }

    /// <summary>The property that a validator's or the binder's message is about.</summary>
    private static string FieldOf(string message)
    {
        // The binder: … at 'sampling:interval' …  or, for an unknown key, … : 'intervall'; a validator: "Interval: The field …".
        var quoted = message.Split('\'');
        var name = quoted.Length >= 3 && !message.Contains(": The field", StringComparison.Ordinal)
            ? quoted.Where((_, index) => index % 2 == 1).Last(part => !part.Contains('.', StringComparison.Ordinal) || part.Contains(':', StringComparison.Ordinal))
            : message.Split(':')[0];
        return name[(name.LastIndexOf(':') + 1)..].Trim();
    }

    private static void Flatten(JsonNode? node, string path, Dictionary<string, string?> values)
    {
        switch (node)
        {
            case JsonObject mapping:
                foreach (var (key, child) in mapping)
                {
                    Flatten(child, path.Length == 0 ? key : $"{path}:{key}", values);
                }

                break;
            case JsonArray list:
                for (var i = 0; i < list.Count; i++)
                {
                    Flatten(list[i], $"{path}:{i}", values);
                }

                break;
            default:
                values[path] = node?.ToString();
                break;
        }
    }
}
