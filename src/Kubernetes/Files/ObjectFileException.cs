namespace NetPulse.Kubernetes.Files;

/// <summary>A YAML file that cannot be used: which file, line and field, what is wrong and what would be right.</summary>
/// <param name="file">Path as the user gave it.</param>
/// <param name="line">From 1; 0 where the fault has no line.</param>
/// <param name="field">Dotted path, as <c>spec.canary.duration</c>; empty for the whole file.</param>
/// <param name="problem">What is wrong, with what is allowed.</param>
/// <param name="column">From 1; 0 where only the line is known.</param>
public sealed class ObjectFileException(string file, int line, string field, string problem, Exception? inner = null, int column = 0)
    : IOException($"{file}{(line > 0 ? $":{line}" : "")}{(column > 0 ? $":{column}" : "")}: {(field.Length > 0 ? field + ": " : "")}{problem}", inner)
{
    public string File { get; } = file;

    public int Line { get; } = line;

    public int Column { get; } = column;

    public string Field { get; } = field;

    public string Problem { get; } = problem;
}
