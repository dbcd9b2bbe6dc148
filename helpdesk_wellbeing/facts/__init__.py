"""From events to facts about working time, load, queues and hard tickets."""
